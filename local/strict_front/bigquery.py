"""BigQuery: datasets and tables as they are now, and the jobs with their places, also those that were refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from local.strict_front import bigquery_rules, job_rules
from local.strict_front.answers import place_jobs
from local.strict_front.call import Call
from local.strict_front.emulator import Answer, Emulator
from local.strict_front.jobs import Jobs, Kept, answer_kept, refused_job
from local.strict_front.passing import Passing, Reply
from local.strict_front.refusal import Refusal
from local.strict_front.rules import Now, broken
from local.strict_front.work import Verdict, Work

_ONE_JOB: Final = frozenset({
    "bigquery.jobs.get",
    "bigquery.jobs.getQueryResults",
    "bigquery.jobs.cancel",
    "bigquery.jobs.delete",
})
_RULES: Final = (*bigquery_rules.RULES, *job_rules.RULES)
_NEW_JOB: Final = frozenset({"bigquery.jobs.insert", "bigquery.jobs.query"})


class BigQuery:
    """The rules of BigQuery, before its emulator.

    Args:
        emulator: The emulator.
        jobs: What is known of jobs.
        work: What judges statements and rows.
    """

    def __init__(self, emulator: Emulator, jobs: Jobs, work: Work) -> None:
        self.emulator = emulator
        self._jobs = jobs
        self._work = work
        self._uploads: dict[str, tuple[Call, bytearray]] = {}

    async def answer(self, call: Call, passing: Passing) -> Reply:
        """Answer a request that has the form that the API asks for."""
        if call.method.id in _ONE_JOB:
            return await self._one_job(call, passing)
        if call.upload_type == "chunk":
            return await self._chunk(call, passing)
        if refusal := broken(_RULES, call, await self._now(call)):
            return refusal
        return await self._done(call, passing)

    async def _done(self, call: Call, passing: Passing) -> Reply:
        """Do what keeps the rules of its form."""
        if call.method.id in _NEW_JOB and (refusal := self._work.of_request(call)):
            return refusal
        if call.upload_type == "resumable":
            return await self._begin(call, passing)
        if call.method.id == "bigquery.jobs.insert":
            return await self._insert(call, passing, call.data if call.method.is_upload else None)
        if call.method.id == "bigquery.jobs.query":
            return await self._query(call, passing)
        self._work.declared.forget(call)
        return await self._work.judge_view(call) or await self._placed(call, passing)

    async def _begin(self, call: Call, passing: Passing) -> Reply:
        """Begin an upload in parts, of which a job comes with the last."""
        answer = await passing.ask()
        if answer.is_good:
            self._uploads[answer.session] = (call, bytearray())
        return answer

    async def _chunk(self, call: Call, passing: Passing) -> Reply:
        """Take a part of an upload; with the last its job is judged."""
        begun, rows = self._uploads.get(call.query["upload_id"], (call, bytearray()))
        part = await passing.read()
        rows[call.range_start :] = part
        if begun is call or not call.is_last_chunk:
            return await passing.ask(part)
        reply = await self._insert(begun, passing, bytes(rows), part)
        self._uploads.pop(call.query["upload_id"], None)
        return reply

    async def _insert(
        self, call: Call, passing: Passing, data: bytes | None, content: bytes | None = None
    ) -> Reply:
        """Start a job; one that would fail at once is kept as a failed one, which is what the service does.

        Args:
            call: The request that describes the job.
            passing: The request to pass on.
            data: The rows that came with the job; None where there are none.
            content: What to pass on, where it was read from the request before.
        """
        project, job_id = call.names["projectId"], call.field("jobReference.jobId")
        configuration = call.field("configuration")
        if job_id and (kept := self._jobs.find(project, job_id)) and kept.refused:
            return _already_exists(project, job_id, kept.location)
        verdict = await self._work.judge(
            call.account, project, configuration, call.field("jobReference.location"), data
        )
        if verdict.refusal:
            if configuration.get("dryRun"):
                return verdict.refusal
            if job_id and await self.emulator.look("bigquery", "v2", "projects", project, "jobs", job_id):
                return _already_exists(project, job_id, self._jobs.location(project, job_id))
            return self._keep_refused(call, job_id or str(uuid.uuid4()), verdict)
        return await self._run(call, passing, verdict, content)

    async def _run(
        self, call: Call, passing: Passing, verdict: Verdict, content: bytes | None = None
    ) -> Reply:
        """Let a job run, and remember where."""
        passing.statements, passing.reads = verdict.statements, verdict.reads
        if verdict.guarded is not None:
            content = json.dumps(_with_query(call.body, verdict.guarded)).encode()
        answer = await passing.ask(content)
        reference = (answer.value or {}).get("jobReference") or {}
        if answer.is_good and (made := reference.get("jobId")):
            original = _query_text(call.body) if verdict.guarded is not None else None
            self._jobs.keep(call.names["projectId"], made, Kept(verdict.location, query=original))
        return self._with_places(call.names["projectId"], answer)

    async def _query(self, call: Call, passing: Passing) -> Reply:
        """Run a query at once."""
        configuration = {"query": call.body, "dryRun": call.field("dryRun")}
        verdict = await self._work.judge(
            call.account, call.names["projectId"], configuration, call.field("location"), None
        )
        return verdict.refusal or await self._run(call, passing, verdict)

    def _keep_refused(self, call: Call, job_id: str, verdict: Verdict) -> Answer:
        project = call.names["projectId"]
        assert verdict.refusal
        resource = refused_job(
            project, job_id, verdict.location, call.field("configuration"), verdict.refusal
        )
        self._jobs.keep(
            project, job_id, Kept(verdict.location, refused=resource, status=verdict.refusal.status)
        )
        return Answer.of(resource)

    async def _one_job(self, call: Call, passing: Passing) -> Reply:
        """Answer about one job, which must be asked for in its place."""
        project, job_id = call.names["projectId"], call.names["jobId"]
        kept = self._jobs.find(project, job_id)
        if kept is None:
            return await self._placed(call, passing)
        if not kept.is_found_from(call.query.get("location")):
            return _not_found(project, job_id)
        reply: Reply = answer_kept(call, kept) if kept.refused else await self._placed(call, passing)
        if call.method.id == "bigquery.jobs.delete" and isinstance(reply, Answer) and reply.is_good:
            self._jobs.forget(project, job_id)
        return reply

    async def _placed(self, call: Call, passing: Passing) -> Reply:
        return self._with_places(call.names.get("projectId", ""), await passing.ask())

    def _with_places(self, project: str, answer: Answer) -> Answer:
        """Put the places of jobs, and the statements as they were sent, into an answer."""
        content = place_jobs(answer.content, lambda job_id: self._jobs.location(project, job_id))
        if b"bigquery#job" in content and (value := answer.value) and "configuration" in value:
            job = json.loads(content)
            kept = self._jobs.find(project, job["jobReference"].get("jobId", ""))
            location = job["jobReference"]["location"]
            job["id"] = f"{project}:{location}.{job['jobReference'].get('jobId')}"
            if kept and kept.query is not None and "query" in job["configuration"]:
                job["configuration"]["query"]["query"] = kept.query
            content = json.dumps(job).encode()
        return Answer(answer.status, answer.headers, content)

    async def _now(self, call: Call) -> Now:
        """Look at the dataset or table that a request changes."""
        if call.method.id not in bigquery_rules.CHANGES:
            return Now()
        names = call.names
        return Now(
            await self.emulator.look_into(names["projectId"], names["datasetId"], names.get("tableId", ""))
        )


def _query_text(body: Any) -> str:
    return str(body["configuration"]["query"]["query"] if "configuration" in body else body["query"])


def _with_query(body: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the body of a job, or of a query, with another statement."""
    if "configuration" not in body:
        return {**body, "query": text}
    configuration = body["configuration"]
    return {**body, "configuration": {**configuration, "query": {**configuration["query"], "query": text}}}


def _already_exists(project: str, job_id: str, location: str) -> Refusal:
    return Refusal(
        HTTPStatus.CONFLICT,
        "duplicate",
        f"Already Exists: Job {project}:{location}.{job_id}",
        "a job id is used once",
        "https://cloud.google.com/bigquery/docs/running-jobs#generate-jobid",
    )


def _not_found(project: str, job_id: str) -> Refusal:
    return Refusal(
        HTTPStatus.NOT_FOUND,
        "notFound",
        f"Not found: Job {project}:{job_id}",
        "a job is asked for in its location",
        "https://cloud.google.com/bigquery/docs/locations#specify_locations",
    )
