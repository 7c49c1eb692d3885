"""Terraform, or OpenTofu, on the files of ``deploy/terraform``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.console import REPOSITORY, find_program, run, show

_HINT: Final = (
    "https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install; "
    "or use the script that `python -m deploy.gcloud_script` prints"
)
# What the receiver cannot start without, so that it comes before all the rest.
FIRST: Final = (
    "google_project_service.api",
    "google_secret_manager_secret.token",
    "google_secret_manager_secret.address",
)


@dataclass(frozen=True)
class Terraform:
    """The program, on one project.

    Attributes:
        program: Its path.
        folder: The files.
        project: The project.
    """

    program: str
    folder: Path
    project: str

    @classmethod
    def found(cls, folder: Path, project: str) -> Terraform:
        """Return the one in PATH.

        Raises:
            CommandError: When there is none.
        """
        return cls(find_program("terraform", "tofu", hint=_HINT), folder, project)

    @property
    def _data(self) -> Path:
        """Where it keeps what it downloads and plans: apart for each project."""
        return REPOSITORY / ".local" / "deploy" / self.project

    @property
    def own_backend(self) -> bool:
        """Whether the person has chosen where the state is kept."""
        backend = self.folder / "backend.tf"
        return backend.is_file() and backend.read_text("utf-8") != self._example.read_text("utf-8")

    @property
    def _example(self) -> Path:
        return self.folder / "backend.tf.example"

    def begin(self, state_bucket: str | None) -> None:
        """Download the providers, and find the state.

        Args:
            state_bucket: Where the state is; None when there is none yet, or the person has chosen another place.
        """
        backend, words = self.folder / "backend.tf", ["-reconfigure", "-no-color"]
        if not self.own_backend:
            backend.unlink(missing_ok=True)
            if state_bucket:
                backend.write_text(self._example.read_text("utf-8"), encoding="utf-8")
                words += [f"-backend-config=bucket={state_bucket}", "-backend-config=prefix=terraform"]
        self._data.mkdir(parents=True, exist_ok=True)
        run([*self._words("init"), *words], why="prepare Terraform", environment=self._environment)

    def plan(self) -> None:
        """Show what would be done."""
        show([*self._words("plan"), *self._variables], why="plan", environment=self._environment)

    def apply(self, targets: Sequence[str] = ()) -> None:
        """Do it, all or some; a person has agreed before."""
        only = [f"-target={target}" for target in targets]
        words = [*self._words("apply"), "-auto-approve", *self._variables, *only]
        show(words, why="apply the plan; run it again when that is mended", environment=self._environment)

    def outputs(self) -> dict[str, Any]:
        """Return what the configuration gives when it is applied."""
        text = run(
            [*self._words("output", asks=False), "-json"],
            why="read the outputs",
            environment=self._environment,
        )
        return {name: output["value"] for name, output in json.loads(text).items()}

    def _words(self, command: str, *, asks: bool = True) -> list[str]:
        return [self.program, f"-chdir={self.folder}", command, *(["-input=false"] if asks else [])]

    @property
    def _variables(self) -> list[str]:
        return [f"-var=project={self.project}"]

    @property
    def _environment(self) -> dict[str, str]:
        return {"TF_DATA_DIR": str(self._data), "TF_IN_AUTOMATION": "1"}
