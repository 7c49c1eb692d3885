"""Which permissions a request needs, and whether the account that calls has them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from local.strict_front.call import Call
from local.strict_front.refusal import Refusal

_HERE: Final = Path(__file__).resolve().parent
# The place of roles for other services.
_ELSEWHERE: Final = "elsewhere"
_STORAGE: Final = "https://cloud.google.com/storage/docs/access-control/iam-json"
_BIGQUERY: Final = "https://cloud.google.com/bigquery/docs/access-control"
# Roles by the words of a dataset's access list
# (https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset.FIELDS.access).
_OF_ACCESS: Final = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}

# What a method needs; the part behind the @ says on what: "bucket" and "dataset" are those of the request's address.
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "storage.buckets.insert": ("storage.buckets.create@project",),
    "storage.buckets.list": ("storage.buckets.list@project",),
    "storage.buckets.get": ("storage.buckets.get@bucket",),
    "storage.buckets.delete": ("storage.buckets.delete@bucket",),
    "storage.buckets.patch": ("storage.buckets.get@bucket", "storage.buckets.update@bucket"),
    "storage.buckets.update": ("storage.buckets.get@bucket", "storage.buckets.update@bucket"),
    "storage.buckets.getIamPolicy": ("storage.buckets.getIamPolicy@bucket",),
    "storage.buckets.setIamPolicy": ("storage.buckets.setIamPolicy@bucket",),
    "storage.objects.list": ("storage.objects.list@bucket",),
    "storage.objects.get": ("storage.objects.get@bucket",),
    "storage.objects.delete": ("storage.objects.delete@bucket",),
    "storage.objects.patch": ("storage.objects.get@bucket", "storage.objects.update@bucket"),
    "storage.objects.update": ("storage.objects.get@bucket", "storage.objects.update@bucket"),
    "storage.objects.insert": ("storage.objects.create@bucket",),
    "storage.objects.compose": ("storage.objects.create@bucket", "storage.objects.get@bucket"),
    "storage.objects.copy": ("storage.objects.create@bucket", "storage.objects.get@source"),
    "storage.objects.rewrite": ("storage.objects.create@bucket", "storage.objects.get@source"),
    "bigquery.datasets.insert": ("bigquery.datasets.create@project",),
    "bigquery.datasets.get": ("bigquery.datasets.get@dataset",),
    "bigquery.datasets.delete": ("bigquery.datasets.delete@dataset",),
    "bigquery.datasets.patch": ("bigquery.datasets.update@dataset",),
    "bigquery.datasets.update": ("bigquery.datasets.update@dataset",),
    "bigquery.tables.insert": ("bigquery.tables.create@dataset",),
    "bigquery.tables.get": ("bigquery.tables.get@dataset",),
    "bigquery.tables.list": ("bigquery.tables.list@dataset",),
    "bigquery.tables.patch": ("bigquery.tables.get@dataset", "bigquery.tables.update@dataset"),
    "bigquery.tables.update": ("bigquery.tables.get@dataset", "bigquery.tables.update@dataset"),
    "bigquery.tables.delete": ("bigquery.tables.delete@dataset",),
    "bigquery.tabledata.list": ("bigquery.tables.getData@dataset",),
    "bigquery.tabledata.insertAll": ("bigquery.tables.updateData@dataset",),
    "bigquery.jobs.insert": ("bigquery.jobs.create@project",),
    "bigquery.jobs.query": ("bigquery.jobs.create@project",),
    "bigquery.jobs.list": ("bigquery.jobs.list@project",),
}


@dataclass(frozen=True, order=True)
class Need:
    """One permission on one thing.

    Attributes:
        permission: Its name.
        kind: "project", "bucket" or "dataset".
        name: Which; empty for the project.
    """

    permission: str
    kind: str
    name: str = ""


@dataclass(frozen=True)
class Account:
    """Who calls.

    Attributes:
        email: Its address, as a dataset's access list has it.
        roles: Its roles on the project, and on buckets and datasets, by kind and name.
    """

    email: str
    roles: Mapping[tuple[str, str], tuple[str, ...]]


@dataclass
class Rights:
    """What the accounts may do.

    Attributes:
        project: The project of the accounts and datasets.
        accounts: By name.
        permissions: What each role permits.
        used: What each account's requests have needed so far, granted or not.
    """

    project: str
    accounts: Mapping[str, Account]
    permissions: Mapping[str, frozenset[str]]
    used: dict[str, set[Need]] = field(default_factory=dict)

    def check(self, account: str, needs: Iterable[Need], datasets: Mapping[str, Any]) -> Refusal | None:
        """Say why a request is refused; None when its account has all that it needs.

        Args:
            account: Who calls; one that is not known may do nothing.
            needs: What the request needs.
            datasets: The datasets that it is about, each as datasets.get answers.
        """
        if account not in self.accounts:
            return _unknown(account)
        for need in needs:
            self.used.setdefault(account, set()).add(need)
            if not self.may(account, need, datasets.get(need.name)):
                return _refusal(self.accounts[account], need)
        return None

    def may(self, account: str, need: Need, dataset: Mapping[str, Any] | None = None) -> bool:
        """Return whether an account has a permission, by its roles or by a dataset's access list."""
        known = self.accounts[account]
        roles = {*known.roles.get(("project", ""), ()), *known.roles.get((need.kind, need.name), ())}
        if need.kind == "dataset" and dataset is not None:
            roles |= {
                _OF_ACCESS.get(entry["role"], entry["role"])
                for entry in dataset.get("access", ())
                if entry.get("role") and entry.get("userByEmail") == known.email
            }
        return any(need.permission in self.permissions.get(role, ()) for role in roles)

    def reported(self, account: str) -> dict[str, Any]:
        """Return as JSON what an account's requests have needed, and which of its roles they did not need."""
        used = sorted(self.used.get(account, ()))
        return {
            "used": [[need.permission, need.kind, need.name] for need in used],
            "unneeded": self.unneeded(account) if account in self.accounts else [],
        }

    def unneeded(self, account: str) -> list[tuple[str, str, str]]:
        """Find roles of an account that none of its requests needed: kind and name of the place, and the role."""
        granted = [(*place, role) for place, roles in self.accounts[account].roles.items() for role in roles]

        def permits(given: tuple[str, str, str], need: Need) -> bool:
            kind, name, role = given
            here = kind == "project" or (kind, name) == (need.kind, need.name)
            return here and need.permission in self.permissions[role]

        deciding = [
            found[0]
            for need in self.used.get(account, ())
            if len(found := [given for given in granted if permits(given, need)]) == 1
        ]
        return [given for given in granted if given not in deciding]


def load(stores: Iterable[Mapping[str, str]], project: str) -> Rights:
    """Read the accounts and the roles.

    Args:
        stores: The stores, each with its buckets and datasets by the names of the stores file.
        project: The project, for the accounts' addresses.
    """
    permissions = tomllib.loads((_HERE / "roles.toml").read_text(encoding="utf-8"))
    granted = tomllib.loads((_HERE / "accounts.toml").read_text(encoding="utf-8"))
    known = list(stores)
    accounts = {
        name: Account(_email(name, project), dict(_places(places, known))) for name, places in granted.items()
    }
    return Rights(project, accounts, {role: frozenset(names) for role, names in permissions.items()})


def needs_of(call: Call, *, replaces: bool = False) -> list[Need]:
    """List what a request needs, besides what the statements or rows of a job need.

    Args:
        call: The request.
        replaces: Whether there is an object that it would replace.
    """
    needs = [_need(call, text) for text in _METHODS.get(call.method.id, ())]
    if replaces:
        needs.append(Need("storage.objects.delete", "bucket", call.bucket))
    if call.method.id in {"bigquery.datasets.patch", "bigquery.datasets.update"} and call.field("access"):
        needs.append(_need(call, "bigquery.datasets.setIamPolicy@dataset"))
    return needs


def default_access(email: str) -> list[dict[str, str]]:
    """Return the access list of a dataset that is made without one.

    Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset.FIELDS.access
    """
    return [
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "READER", "specialGroup": "projectReaders"},
        {"role": "OWNER", "userByEmail": email},
    ]


def _email(account: str, project: str) -> str:
    # The environment's account is one, whether it sets up or works.
    name = "airflow" if account == "setup" else account
    return f"{name}@{project}.iam.gserviceaccount.com"


def _need(call: Call, text: str) -> Need:
    permission, kind = text.split("@")
    match kind:
        case "bucket":
            return Need(permission, "bucket", call.bucket)
        case "source":
            return Need(permission, "bucket", call.names["sourceBucket"])
        case "dataset":
            return Need(permission, "dataset", call.names["datasetId"])
    return Need(permission, "project")


def _places(
    places: Mapping[str, list[str]], stores: list[Mapping[str, str]]
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    for place, roles in places.items():
        if place == _ELSEWHERE:
            continue
        if place == "project":
            yield ("project", ""), tuple(roles)
        for store in stores if place != "project" else ():
            kind = "bucket" if place.endswith("_bucket") else "dataset"
            yield (kind, store[place]), tuple(roles)


def _unknown(account: str) -> Refusal:
    text = f"Access Denied: account {account!r} has no roles: accounts.toml does not name it"
    return Refusal(HTTPStatus.FORBIDDEN, "accessDenied", text, "permissions", _BIGQUERY)


def _refusal(account: Account, need: Need) -> Refusal:
    where = {"project": "the project", "bucket": f"bucket {need.name}", "dataset": f"dataset {need.name}"}[
        need.kind
    ]
    if need.permission.startswith("storage."):
        text = f"{account.email} does not have {need.permission} access to the Google Cloud Storage {where}."
        return Refusal(HTTPStatus.FORBIDDEN, "forbidden", text, "permissions", _STORAGE)
    text = f"Access Denied: {where}: User does not have {need.permission} permission on {where}."
    return Refusal(HTTPStatus.FORBIDDEN, "accessDenied", text, "permissions", _BIGQUERY)
