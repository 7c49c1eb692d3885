"""What Terraform needs before it can begin, and what it should not know: by the gcloud of the person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.console import CommandError, find_program, run


@dataclass(frozen=True)
class Gcloud:
    """The gcloud that is installed, on one project.

    Attributes:
        program: Its path.
        project: The project.
    """

    program: str
    project: str

    @classmethod
    def found(cls, project: str) -> Gcloud:
        """Return the one in PATH.

        Raises:
            CommandError: When there is none.
        """
        return cls(find_program("gcloud", hint="https://cloud.google.com/sdk/docs/install"), project)

    def bucket_exists(self, name: str) -> bool:
        """Whether a bucket is there."""
        return f"gs://{name}/" in self._ask(["storage", "ls"], "list the buckets of the project").split()

    def create_state_bucket(self, name: str, location: str) -> None:
        """Create the bucket of Terraform's state: closed to basic roles, and older versions are kept."""
        self._ask(
            [
                *("storage", "buckets", "create", f"gs://{name}", "--location", location),
                *("--uniform-bucket-level-access", "--public-access-prevention"),
            ],
            f"create bucket {name}",
        )
        self._ask(
            ["storage", "buckets", "update", f"gs://{name}", "--versioning"], f"keep versions in {name}"
        )
        owners = [f"projectOwner:{self.project}"]
        roles = ("roles/storage.legacyBucketOwner", "roles/storage.legacyObjectOwner")
        policy = {"bindings": [{"role": role, "members": owners} for role in roles]}
        self._ask(
            ["storage", "buckets", "set-iam-policy", f"gs://{name}", "/dev/stdin"],
            f"close bucket {name} to people who have a basic role only",
            json.dumps(policy),
        )

    def enable_apis(self, names: Sequence[str]) -> None:
        """Enable APIs without which Terraform cannot enable the others."""
        self._ask(["services", "enable", *(f"{name}.googleapis.com" for name in names)], "enable APIs")

    def has_value(self, secret: str) -> bool:
        """Whether a secret has a value."""
        words = [
            "secrets",
            "versions",
            "list",
            secret,
            "--filter",
            "state=enabled",
            "--format",
            "value(name)",
        ]
        return bool(self._ask(words, f"list the versions of {secret}").strip())

    def add_value(self, secret: str, value: str) -> None:
        """Add a value to a secret; it is in no argument and no file."""
        self._ask(["secrets", "versions", "add", secret, "--data-file=-"], f"add a value to {secret}", value)

    def _ask(self, words: Sequence[str], why: str, given: str | None = None) -> str:
        try:
            return run([self.program, *words, "--project", self.project, "--quiet"], why=why, given=given)
        except CommandError as error:
            hint = "sign in by gcloud auth login, or see in deploy/README.md who may do this"
            raise CommandError(f"{error}\n-> {hint}") from error
