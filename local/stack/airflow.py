"""Airflow: making its database and login, and waiting for the project's DAGs over its REST API."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from local.stack import health
from local.stack.exports import LOGIN, PASSWORD
from local.stack.settings import Settings, StackError
from local.stack.state import State, last_lines, log_file

SETUP_DAG = "z316_setup"
WEBHOOK_DAG = "z316_webhook"
_MIGRATE_SECONDS = 300
_ANSWER_SECONDS = 60
"""Longest wait for an answer: a machine that is busy with starting all parts answers late, and it is no fault."""
_READ_SECONDS = 15
"""Time in which the DAGs are surely read: an import error that stands then will stand."""


class NoAnswerError(StackError):
    """Airflow did not answer in time, as on a machine that has other work."""


class Api:
    """Airflow's REST API, of either version; a StackError says that it refused or broke."""

    def __init__(self, airflow: str, url: str) -> None:
        self._version = "v1" if airflow == "2.11" else "v2"
        self._url = url
        self._authorization = ""

    def get(self, path: str) -> dict[str, Any]:
        """Read `path`; return an empty value when it does not exist."""
        return self._ask(path, None, "GET")

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is at `path`; return an empty value when it does not exist."""
        return self._ask(path, body, "PATCH")

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add to what is at `path`; return an empty value when it does not exist."""
        return self._ask(path, body, "POST")

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run of a DAG as from the UI; return its id.

        Raises:
            StackError: The API refused or broke, or there is no such DAG.
        """
        body = {"conf": conf} if self._version == "v1" else {"conf": conf, "logical_date": None}
        run = self.post(f"dags/{dag_id}/dagRuns", body)
        if not run:
            raise StackError(f"there is no DAG {dag_id}")
        return str(run["dag_run_id"])

    def _ask(self, path: str, body: Mapping[str, Any] | None, method: str) -> dict[str, Any]:
        self._authorization = self._authorization or self._authorize()
        url = f"{self._url}/api/{self._version}/{path}"
        status, text = health.fetch(
            url,
            body=body,
            method=method,
            headers={"Authorization": self._authorization},
            seconds=_ANSWER_SECONDS,
        )
        if status == HTTPStatus.NOT_FOUND:
            return {}
        if not status:
            raise NoAnswerError(f"Airflow does not answer {method} {url}: {text[:500]}")
        if status != HTTPStatus.OK:
            raise StackError(f"Airflow answers {status} to {method} {url}: {text[:500]}")
        return cast("dict[str, Any]", json.loads(text))

    def _authorize(self) -> str:
        if self._version == "v1":
            return "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        login = {"username": LOGIN, "password": PASSWORD}
        status, text = health.fetch(f"{self._url}/auth/token", body=login, seconds=_ANSWER_SECONDS)
        if status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise StackError(f"Airflow gave no token to {LOGIN}: {status} {text[:500]}")
        return f"Bearer {json.loads(text)['access_token']}"


def migrate(settings: Settings, state: State) -> None:
    """Create the metadata database, or bring it up to date.

    Raises:
        StackError: It failed; the end of its log is in the message.
    """
    _run(settings, state, "db", "migrate")


def make_login(settings: Settings, state: State) -> None:
    """Create the login of the web UI and the REST API on 2.11; 3 reads it from a file.

    Raises:
        StackError: It failed; the end of its log is in the message.
    """
    who = ("--username", LOGIN, "--password", PASSWORD, "--role", "Admin")
    person = ("--firstname", "Local", "--lastname", "Admin", "--email", "admin@example.com")
    _run(settings, state, "users", "create", *who, *person)


def _run(settings: Settings, state: State, *arguments: str) -> None:
    command = [str(settings.airflow_venv / "bin" / "airflow"), *arguments]
    path = log_file(state.home, "airflow-" + arguments[0])
    with path.open("a") as log:
        try:
            done = subprocess.run(
                command,
                env=dict(state.environments["scheduler"]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=_MIGRATE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StackError(
                f"`airflow {arguments[0]}` took more than {_MIGRATE_SECONDS} s\n{last_lines(path, 15)}"
            ) from error
    if done.returncode:
        raise StackError(f"`airflow {' '.join(arguments[:2])}` failed\n{last_lines(path, 15)}")


def wait_for_setup(api: Api, logs: Path, seconds: float, say: Callable[[str], None]) -> None:
    """Wait until the setup DAG has a successful run.

    Args:
        api: Airflow's API.
        logs: Folder of the tasks' logs.
        seconds: Longest wait.
        say: Takes lines of progress.

    Raises:
        StackError: A run of it failed, or none ended in time; the message says what Airflow knows.
    """
    began, reported = time.monotonic(), ""
    while True:
        waited = time.monotonic() - began
        try:
            runs = api.get(f"dags/{SETUP_DAG}/dagRuns?limit=100").get("dag_runs", [])
        except NoAnswerError:
            if waited > seconds:
                raise
            time.sleep(0.5)
            continue
        states = [str(run["state"]) for run in runs]
        if "success" in states:
            return
        if states and set(states) == {"failed"}:
            raise StackError(f"DAG {SETUP_DAG} failed{_end_of_task_log(logs)}")
        if waited > seconds or (not states and waited > _READ_SECONDS and _import_errors(api)):
            what = ", ".join(states) or "no run"
            raise StackError(
                f"DAG {SETUP_DAG} has no success after {waited:.0f} s ({what}){_import_errors(api)}"
            )
        if (now := states[-1] if states else "not read yet") != reported:
            say(f"{SETUP_DAG}: {now}")
            reported = now
        time.sleep(0.5)


def unpause(api: Api, dag: str) -> None:
    """Let a DAG run.

    Raises:
        StackError: There is no such DAG.
    """
    if not api.patch(f"dags/{dag}?update_mask=is_paused", {"is_paused": False}):
        raise StackError(f"there is no DAG {dag}{_import_errors(api)}")


def end_waiting_nights(api: Api, dag: str) -> None:
    """Mark as successful the DAG's scheduled runs in which a task waits, deferred.

    The run of a night is made at midnight UTC and waits for hours until the store's day is over. Who counts calls or
    rows does not want it to start in the midst of that.

    Raises:
        StackError: The API refused or broke.
    """
    waiting = api.get(f"dags/{dag}/dagRuns/~/taskInstances?state=deferred&limit=100")
    for run in {str(task["dag_run_id"]) for task in waiting.get("task_instances", [])}:
        if run.startswith("scheduled__"):
            api.patch(f"dags/{dag}/dagRuns/{quote(run)}", {"state": "success"})


def _end_of_task_log(logs: Path) -> str:
    files = sorted(logs.glob(f"dag_id={SETUP_DAG}/**/*.log"), key=lambda path: path.stat().st_mtime)
    return f"; the end of {files[-1]}:\n{last_lines(files[-1], 20)}" if files else f"; no log of it in {logs}"


def _import_errors(api: Api) -> str:
    """Say which files Airflow could not import; empty when there are none."""
    errors = api.get("importErrors").get("import_errors", [])
    traces = [
        f"\n  {error['filename']}:\n"
        + "\n".join(f"    {line}" for line in error["stack_trace"].splitlines()[-10:])
        for error in errors
    ]
    return "; these files could not be imported:" + "".join(traces) if traces else ""
