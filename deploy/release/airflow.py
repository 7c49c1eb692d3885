"""What Airflow makes of a release: whether it has read the code, whether it can, and setup."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.console import CommandError, answer, say

from .files import ours

# Google copies the bucket to Airflow within minutes; then each file is read.
_LOOKS: Final = 40
_SECONDS: Final = 15
# What Airflow says of a DAG that it does not know.
_UNKNOWN: Final = "does not exist in 'dag' table"


@dataclass(frozen=True)
class Airflow:
    """The Airflow of an environment, by the gcloud of the person.

    Attributes:
        gcloud: The program.
        project: The project.
        environment: Name of the environment.
        region: Its region.
        sleep: Waits for some seconds.
    """

    gcloud: str
    project: str
    environment: str
    region: str
    sleep: Callable[[float], None] = time.sleep

    def wait_for(self, version: str, prefixes: Sequence[str]) -> None:
        """Wait until the setup DAG of each store is that of a release, and see that Airflow could read all files.

        Args:
            version: Of the release.
            prefixes: Those of the stores.

        Raises:
            CommandError: When that does not come, or a file cannot be read; the message says which.
        """
        say(f"Waiting until Airflow has read {version}: some minutes.")
        missing = list(prefixes)
        for _ in range(_LOOKS):
            missing = [
                prefix for prefix in missing if f"release {version}" not in self._tags(f"{prefix}_setup")
            ]
            errors = self._import_errors()
            if errors or not missing:
                break
            self.sleep(_SECONDS)
        if errors:
            raise CommandError("Airflow cannot read these files:\n" + "\n".join(errors))
        if missing:
            raise CommandError(f"Airflow has not read the release in ten minutes: of {', '.join(missing)}")

    def run_setup(self, prefix: str) -> None:
        """Let setup add what is new."""
        _checked(*self._ask("trigger", f"{prefix}_setup"), f"trigger {prefix}_setup")

    def _tags(self, dag: str) -> list[str]:
        """Return the tags of a DAG; none when Airflow does not know it yet."""
        code, text = self._ask("details", dag, "--output", "json")
        if code and _UNKNOWN in text:
            return []
        found = _checked(code, text, f"see the DAG {dag}")
        return [str(tag["name"]) for row in _rows(found) for tag in row.get("tags") or ()]

    def _import_errors(self) -> list[str]:
        code, text = self._ask("list-import-errors", "--output", "json")
        # With errors to list, Airflow's command ends as one that failed.
        rows = _rows(text) or _rows(_checked(code, text, "list import errors"))
        lines = [(str(row.get("filepath", "")), str(row.get("error", "")).strip()) for row in rows]
        # Of others' DAGs in the environment this says nothing.
        return [f"{path}: {error}" for path, error in lines if ours(f"dags/{path.rpartition('/dags/')[2]}")]

    def _ask(self, command: str, *words: str) -> tuple[int, str]:
        where = ["--project", self.project, "--location", self.region]
        started = [self.gcloud, "composer", "environments", "run", self.environment, *where, "dags", command]
        return answer([*started, "--", *words])


def _checked(code: int, text: str, why: str) -> str:
    if code:
        raise CommandError(f"cannot {why}: gcloud says:\n{text}")
    return text


def _rows(text: str) -> list[dict[str, Any]]:
    """Return the JSON that Airflow printed, among what was logged beside it."""
    for line in reversed(text.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, list) and all(isinstance(row, dict) for row in found):
            return found
    return []
