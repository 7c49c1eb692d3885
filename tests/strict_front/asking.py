"""The strict front's rules about SQL, to be asked by tests that run in another environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack.settings import venv

REPO = Path(__file__).resolve().parents[2]
ENVIRONMENT = "front"
DATASET = "rules"

Fields = list[dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What the rules say of a query.

    Attributes:
        refusal: The refusal; none where the query is taken.
        script: The script to run.
        partitions: The query that counts partitions.
        statements: How many jobs its statements are.
        reads: How many tables they read.
        changes: What they change: permissions, each with the name of what it is needed on.
    """

    refusal: dict[str, Any] | None
    script: str
    partitions: str | None
    statements: int
    reads: int
    changes: list[list[str]]

    @property
    def rule(self) -> str:
        """The rule that was broken."""
        return str(self.refusal["rule"]) if self.refusal else ""

    @property
    def message(self) -> str:
        """What was said."""
        return str(self.refusal["message"]) if self.refusal else ""


class Rules:
    """The program that knows the rules.

    Args:
        process: It.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(
        self, sql: str, tables: dict[str, Any] | None = None, *, bigquery: str | None = None, **query: Any
    ) -> Answer:
        """Ask about a query.

        Args:
            sql: The query.
            tables: Resources by ``dataset.table``.
            bigquery: Address of the service that has the tables, where it is one.
            **query: The rest of the job's configuration.
        """
        assert self._process.stdin
        assert self._process.stdout
        configuration = {
            "query": sql,
            "useLegacySql": False,
            "defaultDataset": {"datasetId": DATASET},
        } | query
        request = {
            "query": configuration,
            **({"bigquery": bigquery} if bigquery else {"tables": tables or {}}),
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Answer(**json.loads(self._process.stdout.readline()))


@contextmanager
def asked() -> Iterator[Rules]:
    """The rules, for the time of a block."""
    program = [str(venv(ENVIRONMENT) / "bin" / "python"), "-m", "tests.strict_front.program"]
    environment = {**os.environ, "PYTHONPATH": str(REPO)}
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO, env=environment
    ) as process:
        yield Rules(process)
        assert process.stdin
        process.stdin.close()
