"""What each account must be allowed to do: read from the list that the documents and the strict front share."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from google.api_core.exceptions import Forbidden, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud.bigquery import Dataset, QueryJobConfig

from tiny_operators.google_errors import Need, NoRightError, SetupError, on_bucket, on_dataset, on_project
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import datasets_of

from .scratch import Clients
from .steps import NotTriedError

Connect = Callable[[str, str | None], Clients]
"""Gives the clients of an account, by its name and, where it is to be impersonated, its e-mail."""

_LISTS: Final = Path(__file__).resolve().parents[2] / "local" / "strict_front"
# What of a role can be asked of a table (https://cloud.google.com/bigquery/docs/access-control#bq-permissions).
_OF_TABLES: Final = frozenset(
    f"bigquery.tables.{what}" for what in ("get", "getData", "update", "updateData", "delete")
)
# Where the lists keep roles on services that are not rehearsed: secrets, Airflow's API.
_ELSEWHERE: Final = "elsewhere"
_OWNER: Final = "roles/bigquery.dataOwner"
_JOBS, _NEW_DATASET, _BUCKET, _TABLE = "jobs", "new dataset", "bucket", "table"


@dataclass(frozen=True)
class Right:
    """What an account must be allowed to do at one place.

    Attributes:
        kind: "jobs", "new dataset", "bucket" or "table": how it is tried.
        name: Of the bucket or the dataset; else of the project.
        need: The role that gives it.
        permissions: What of the role is asked for.
    """

    kind: str
    name: str
    need: Need
    permissions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it as people read it."""
        match self.kind:
            case "bucket":
                return f"objects of gs://{self.name}"
            case "table":
                return f"tables of {self.name}"
        return "run jobs" if self.kind == _JOBS else "create datasets"


def account_names() -> list[str]:
    """List the accounts that the documents know."""
    return list(_read("accounts"))


def rights_of(account: str, store: Store, project: str) -> Iterator[Right]:
    """Read what an account of a store needs.

    Args:
        account: Its name, of :func:`account_names`.
        store: The store.
        project: The project.
    """
    for place, roles in _read("accounts")[account].items():
        if place == _ELSEWHERE:
            continue
        for role in roles:
            permissions = _read("roles")[role]
            if place == "project":
                yield from _on_project(store, permissions, on_project(project, role))
            elif place.endswith("_bucket"):
                name = getattr(store, place)
                yield Right(_BUCKET, name, on_bucket(name, role), _objects(permissions))
            else:
                name = getattr(store, place)
                yield Right(_TABLE, name, on_dataset(name, store.location, role), _tables(permissions))
    if account == "airflow":
        # The datasets that setup has made belong to it.
        for dataset in datasets_of(store):
            need = on_dataset(dataset.name, store.location, _OWNER)
            yield Right(_TABLE, dataset.name, need, _tables(_read("roles")[_OWNER]))


def _on_project(store: Store, permissions: Sequence[str], need: Need) -> Iterator[Right]:
    if objects := _objects(permissions):
        for name in (store.webhook_bucket, store.api_bucket):
            yield Right(_BUCKET, name, need, objects)
    if "bigquery.jobs.create" in permissions:
        yield Right(_JOBS, "", need)
    if "bigquery.datasets.create" in permissions:
        yield Right(_NEW_DATASET, "", need)


def try_right(right: Right, own: Clients, clients: Clients, store: Store, *, who: str, scratch: str) -> str:
    """Try a right as an account; what was seen.

    Args:
        right: The right.
        own: The clients of who rehearses: they look for what is there.
        clients: The clients of the account.
        store: The store.
        who: The account's e-mail.
        scratch: Name of a dataset that is not there.

    Raises:
        NoRightError: When the account lacks it; the message has the command that gives it.
        NotTriedError: When there is nothing to try it on.
    """
    try:
        match right.kind:
            case "bucket":
                missing = _missing_on_bucket(clients.storage, right)
            case "table":
                missing = _missing_on_table(own.bigquery, clients.bigquery, right)
            case "jobs":
                missing = _missing_jobs(clients.bigquery, store)
            case _:
                missing = _missing_datasets(own.bigquery, clients.bigquery, store, scratch)
    except GoogleAuthError as error:
        raise SetupError(
            f"Cannot act as {who}: give yourself the role roles/iam.serviceAccountTokenCreator on it, and look whether "
            "its name is right. Run: gcloud iam service-accounts add-iam-policy-binding "
            f"{who} --member user:$YOU --role roles/iam.serviceAccountTokenCreator"
        ) from error
    if missing:
        raise NoRightError(
            f"{who} lacks {', '.join(missing)}: give it the role {right.need.role} on {right.need.on}. "
            f"Run: {command_for(right.need, who)}"
        )
    return f"{who} has {', '.join(right.permissions) or 'it'}"


def command_for(need: Need, email: str) -> str:
    """Write the command that gives a role to an account."""
    kind = "serviceAccount" if email.endswith(".gserviceaccount.com") else "user"
    return need.command.replace("serviceAccount:$ACCOUNT", f"{kind}:{email}")


def _missing_on_bucket(client: Any, right: Right) -> list[str]:
    try:
        granted = client.bucket(right.name).test_iam_permissions(list(right.permissions))
    except NotFound as error:
        raise NotTriedError(f"gs://{right.name} is not there yet") from error
    return [permission for permission in right.permissions if permission not in granted]


def _missing_on_table(own: Any, client: Any, right: Right) -> list[str]:
    try:
        table = next(iter(own.list_tables(right.name, max_results=1)), None)
    except NotFound:
        table = None
    if table is None:
        raise NotTriedError(f"nothing is in dataset {right.name} yet")
    granted = client.test_iam_permissions(table.reference, list(right.permissions)).get("permissions", ())
    return [permission for permission in right.permissions if permission not in granted]


def _missing_jobs(client: Any, store: Store) -> list[str]:
    with _forbidden("bigquery.jobs.create") as missing:
        client.query("SELECT 1", job_config=QueryJobConfig(dry_run=True), location=store.location)
    return missing


def _missing_datasets(own: Any, client: Any, store: Store, scratch: str) -> list[str]:
    there = {dataset.dataset_id for dataset in own.list_datasets()}
    if all(dataset.name in there for dataset in datasets_of(store)):
        raise NotTriedError("not needed: all datasets are there")
    with _forbidden("bigquery.datasets.create") as missing:
        dataset = Dataset(f"{client.project}.{scratch}")
        dataset.location = store.location
        client.create_dataset(dataset)
        client.delete_dataset(dataset)
    return missing


@contextmanager
def _forbidden(permission: str) -> Iterator[list[str]]:
    missing: list[str] = []
    try:
        yield missing
    except Forbidden:
        missing.append(permission)


def _objects(permissions: Sequence[str]) -> tuple[str, ...]:
    return tuple(permission for permission in permissions if permission.startswith("storage.objects."))


def _tables(permissions: Sequence[str]) -> tuple[str, ...]:
    return tuple(permission for permission in permissions if permission in _OF_TABLES)


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((_LISTS / f"{name}.toml").read_text(encoding="utf-8"))
