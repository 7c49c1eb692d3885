"""What the parts of the script are made from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.settings import Settings
from tiny_operators.stores import Store


@dataclass(frozen=True)
class Context:
    """One project.

    Attributes:
        project: The project.
        settings: What a person chose.
        platform: What the pipeline needs.
        stores: The stores.
        dags: The DAGs of a store, without its prefix.
    """

    project: str
    settings: Settings
    platform: dict[str, Any]
    stores: Sequence[Store]
    dags: Sequence[str]

    @property
    def accounts(self) -> dict[str, Any]:
        """The service accounts, by name."""
        found: dict[str, Any] = self.platform["accounts"]
        return found

    def email(self, account: str) -> str:
        """Return the e-mail of a service account."""
        return f"{self.accounts[account]['id']}@{self.project}.iam.gserviceaccount.com"

    def member(self, account: str) -> str:
        """Return a service account, as policies name it."""
        return f"serviceAccount:{self.email(account)}"

    def gcloud(self, *words: str, flags: Mapping[str, object] | None = None) -> str:
        """Return a command on the project; a flag that is True has no value."""
        given = [
            f"--{name}" if value is True else f"--{name}={value}" for name, value in (flags or {}).items()
        ]
        return shlex.join(("gcloud", *words, *given, "--project", self.project))

    def unless(self, there: str, made: str) -> str:
        """Return a command that runs when another one finds nothing."""
        return f"{there} > /dev/null 2>&1 || {made}"
