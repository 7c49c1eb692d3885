"""What the front knows of BigQuery's jobs: where each runs, and those that it refused."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from local.strict_front.answers import reported
from local.strict_front.call import Call
from local.strict_front.emulator import Answer
from local.strict_front.locations import MULTI_REGIONS
from local.strict_front.memory import Memory
from local.strict_front.refusal import Refusal

DEFAULT_LOCATION: Final = "US"
_CHILD: Final = "script_job_"


@dataclass(frozen=True)
class Kept:
    """What is known of a job.

    Attributes:
        location: Where it runs.
        query: Its statement as it was sent, where the emulator was given another.
        refused: The job itself, where it was refused.
        status: HTTP status of the refusal.
    """

    location: str
    query: str | None = None
    refused: dict[str, Any] | None = None
    status: int = 0

    def is_found_from(self, location: str | None) -> bool:
        """Tell whether a look-up that names a location, or none, finds the job."""
        if location:
            return location.upper() == self.location.upper()
        return self.location.upper() in MULTI_REGIONS


class Jobs:
    """All jobs that came through the front.

    Args:
        memory: Where they are kept.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def find(self, project: str, job_id: str) -> Kept | None:
        """Return what is known of a job, or of the script that a statement's job belongs to."""
        value = self._memory.get("job", project, job_id)
        if value is None and job_id.startswith(_CHILD):
            parent = self._memory.get("job", project, job_id.removeprefix(_CHILD).rpartition("_")[0])
            return Kept(parent["location"]) if parent else None
        return Kept(**value) if value else None

    def keep(self, project: str, job_id: str, kept: Kept) -> None:
        """Remember a job."""
        self._memory.put("job", project, job_id, value=asdict(kept))

    def forget(self, project: str, job_id: str) -> None:
        """Drop what is known of a job."""
        self._memory.forget("job", project, job_id)

    def location(self, project: str, job_id: str) -> str:
        """Return where a job runs."""
        kept = self.find(project, job_id)
        return kept.location if kept else DEFAULT_LOCATION


def refused_job(
    project: str, job_id: str, location: str, configuration: Mapping[str, Any], refusal: Refusal
) -> dict[str, Any]:
    """Make the job that a refused one becomes: it has ended, with an error."""
    now = str(int(time.time() * 1000))
    error = {"reason": refusal.reason, "message": reported(refusal)}
    kind = next(name for name in ("query", "load", "copy", "extract") if name in configuration)
    return {
        "kind": "bigquery#job",
        "id": f"{project}:{location}.{job_id}",
        "selfLink": f"/bigquery/v2/projects/{project}/jobs/{job_id}?location={location}",
        "jobReference": {"projectId": project, "jobId": job_id, "location": location},
        "configuration": {**configuration, "jobType": kind.upper()},
        "status": {"state": "DONE", "errorResult": error, "errors": [error]},
        "statistics": {
            "creationTime": now,
            "startTime": now,
            "endTime": now,
            "totalBytesProcessed": "0",
            kind: {},
        },
    }


def answer_kept(call: Call, kept: Kept) -> Answer | Refusal:
    """Answer a request about a job that was refused."""
    assert kept.refused
    if call.method.id == "bigquery.jobs.get":
        return Answer.of(kept.refused)
    if call.method.id == "bigquery.jobs.cancel":
        return Answer.of({"kind": "bigquery#jobCancelResponse", "job": kept.refused})
    if call.method.id == "bigquery.jobs.delete":
        return Answer.of({})
    error = kept.refused["status"]["errorResult"]
    return Refusal(kept.status, error["reason"], error["message"], "", "")
