"""The rights of who calls, looked up as far as a request needs it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from local.strict_front.call import Call
from local.strict_front.emulator import Answer, Emulator
from local.strict_front.job_rights import needs_of_job
from local.strict_front.refusal import Refusal
from local.strict_front.rights import Need, Rights, default_access, needs_of
from local.strict_front.sql.changes import Change

_USER: Final = re.compile(r"\bSESSION_USER\(\)", re.IGNORECASE)
NO_BUCKET: Final = Refusal(
    HTTPStatus.NOT_FOUND,
    "notFound",
    "The specified bucket does not exist.",
    "a bucket is there",
    "https://cloud.google.com/storage/docs/json_api/v1/buckets/testIamPermissions",
)
_NOT_ASKED: Final = Refusal(
    HTTPStatus.NOT_IMPLEMENTED,
    "notImplemented",
    "The strict front tests permissions on buckets and tables only",
    "permissions",
    "https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/testIamPermissions",
)
# Writes that, over an object that is there, need the right to delete it as well.
_CREATES: Final = frozenset({
    "storage.objects.insert",
    "storage.objects.compose",
    "storage.objects.copy",
    "storage.objects.rewrite",
})


@dataclass
class Gate:
    """Lets requests pass that their accounts may make.

    Attributes:
        rights: What the accounts may do.
        emulators: The emulators, by service.
    """

    rights: Rights
    emulators: Mapping[str, Emulator]

    async def check(self, call: Call) -> Refusal | None:
        """Say why an account may not make a request; None when it may."""
        if call.upload_type == "chunk" and call.account in self.rights.accounts:
            # The upload was allowed when it began.
            return None
        return await self._check(call.account, needs_of(call, replaces=await self._replaces(call)))

    async def check_job(
        self,
        account: str,
        configuration: Mapping[str, Any],
        tables: Iterable[tuple[str, str, str]],
        changed: Iterable[Change],
    ) -> Refusal | None:
        """Say why an account may not do what a job is to do; None when it may.

        Args:
            account: Who calls.
            configuration: What the job is to do.
            tables: Project, dataset and name of the tables and views that its statements name.
            changed: What its statements change.
        """
        named = [(dataset, table) for _, dataset, table in tables if dataset]
        return await self._check(account, needs_of_job(configuration, named, changed))

    def speaks_for(self, account: str, sql: str) -> str:
        """Return a statement in which SESSION_USER() is who calls, as the emulator does not know."""
        return _USER.sub(f"'{self.rights.accounts[account].email}'", sql)

    def with_access(self, call: Call) -> Any:
        """Return the body of a new dataset; one without an access list gets the service's own, which is open."""
        if not isinstance(call.body, dict) or call.body.get("access"):
            return call.body
        return {**call.body, "access": default_access(self.rights.accounts[call.account].email)}

    async def granted(self, call: Call, asked: Iterable[str]) -> Answer | Refusal:
        """Answer which of some permissions the caller has.

        Args:
            call: The request.
            asked: The permissions that its address names; others are named by its body.
        """
        if call.method.id == "storage.buckets.testIamPermissions":
            kind, name = "bucket", call.bucket
            found = await self.emulators["storage"].look("storage", "v1", "b", name)
            if found is None:
                return NO_BUCKET
        elif call.method.id == "bigquery.tables.testIamPermissions":
            path = call.names["resource"].split("/")
            kind, name = "dataset", path[3]
            # Of a table that is not there the service says that nobody may do anything, and not that it is missing.
            table = await self.emulators["bigquery"].look("bigquery", "v2", *path)
            found = await self.emulators["bigquery"].look("bigquery", "v2", *path[:4]) if table else None
        else:
            return _NOT_ASKED
        given = [
            permission
            for permission in (*asked, *(call.field("permissions") or ()))
            if found and self._may(call.account, Need(permission, kind, name), found)
        ]
        return Answer.of({"permissions": given} if given else {})

    def _may(self, account: str, need: Need, dataset: Mapping[str, Any]) -> bool:
        return account not in self.rights.accounts or self.rights.may(account, need, dataset)

    async def _replaces(self, call: Call) -> bool:
        """Return whether a write would replace an object; only asked for an account that may not delete."""
        may_delete = Need("storage.objects.delete", "bucket", call.bucket)
        if call.method.id not in _CREATES or call.account not in self.rights.accounts:
            return False
        if self.rights.may(call.account, may_delete):
            return False
        found = await self.emulators["storage"].look("storage", "v1", "b", call.bucket, "o", call.object)
        return found is not None

    async def _check(self, account: str, needs: list[Need]) -> Refusal | None:
        if account not in self.rights.accounts:
            return self.rights.check(account, needs, {})
        datasets = {}
        for need in needs:
            if need.kind == "dataset" and need.name not in datasets and not self.rights.may(account, need):
                found = await self.emulators["bigquery"].look_into(self.rights.project, need.name)
                if found is None:
                    # That it is not there is for the service to say.
                    return None
                datasets[need.name] = found
        return self.rights.check(account, needs, datasets)
