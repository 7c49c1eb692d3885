"""Refusals of Google Cloud, explained to a person: what is missing, and the command that fixes it.

Google answers 403 for a missing right, and also for a quota, for an API that is not enabled and for billing that is
off; the reason tells them apart (https://cloud.google.com/bigquery/docs/error-messages,
https://cloud.google.com/storage/docs/json_api/v1/status-codes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

_NO_RIGHT: Final = frozenset({
    "accessDenied",
    "forbidden",
    "insufficientPermissions",
    "IAM_PERMISSION_DENIED",
})
_BUSY: Final = frozenset({
    "quotaExceeded",
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "jobRateLimitExceeded",
    "dailyLimitExceeded",
    "RATE_LIMIT_EXCEEDED",
})
_API_OFF: Final = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_BILLING_OFF: Final = frozenset({
    "billingNotEnabled",
    "billingDisabled",
    "accountDisabled",
    "UserProjectAccountProblem",
    "BILLING_DISABLED",
})

# Answers of Cloud Storage that say nothing of one object: no account, and what may pass. One that is gone is no error.
_NOT_OF_ONE_OBJECT: Final = frozenset({401, 404, 408, 429})

# BigQuery: 404 "Not found: Project x"; Cloud Storage: 400 "Unknown project id: x".
_NO_PROJECT: Final = re.compile(r"not found: project\b|unknown project", re.IGNORECASE)


class SetupError(RuntimeError):
    """Setup cannot continue until a person fixes something; the message says what, and how."""


class NoRightError(SetupError):
    """A right is missing; the message says on what, and the command that gives it."""


class BusyError(RuntimeError):
    """A quota or rate of Google Cloud is used up; a later try may succeed."""


@dataclass(frozen=True)
class Need:
    """A role that a step needs.

    Attributes:
        role: The role.
        on: What it is needed on, as people read it.
        command: The command that gives it; ``$ACCOUNT`` is a placeholder for the e-mail of Airflow's service account.
    """

    role: str
    on: str
    command: str


def on_project(project: str, role: str) -> Need:
    """Describe a role on the project."""
    binding = f"--member serviceAccount:$ACCOUNT --role {role} --condition None"
    return Need(role, f"project {project}", f"gcloud projects add-iam-policy-binding {project} {binding}")


def on_bucket(bucket: str, role: str) -> Need:
    """Describe a role on a bucket."""
    path, binding = f"gs://{bucket}", f"--member serviceAccount:$ACCOUNT --role {role}"
    return Need(role, f"bucket {path}", f"gcloud storage buckets add-iam-policy-binding {path} {binding}")


def on_dataset(dataset: str, location: str, role: str) -> Need:
    """Describe a role on a dataset."""
    grant = f"GRANT \\`{role}\\` ON SCHEMA {dataset} TO 'serviceAccount:$ACCOUNT'"
    command = f'bq query --location={location} --use_legacy_sql=false "{grant}"'
    return Need(role, f"dataset {dataset}", command)


@contextmanager
def explained(
    step: str,
    project: str,
    *needs: Need,
    who: str = "Airflow's service account",
    then: str = "run setup again",
) -> Iterator[None]:
    """Explain what to do when Google Cloud refuses a step.

    Args:
        step: What is done, as ``create dataset z316_tiny``.
        project: The project.
        needs: The roles that allow it.
        who: Who needs them.
        then: What to do when they are given.

    Raises:
        NoRightError: When a right is missing.
        SetupError: When an API or billing is off, or there is no such project.
        BusyError: When a quota or a rate is used up.
    """
    from google.api_core.exceptions import BadRequest, Forbidden, NotFound

    try:
        yield
    except Forbidden as error:
        raise _explanation(error, step, project, needs, who=who, then=then) from error
    except (BadRequest, NotFound) as error:
        if not _NO_PROJECT.search(str(error)):
            raise
        raise SetupError(
            f"Cannot {step}: there is no project {project}. Correct the project of the connection "
            "google_cloud_default, or of the environment"
        ) from error


def _explanation(
    error: GoogleAPICallError, step: str, project: str, needs: tuple[Need, ...], *, who: str, then: str
) -> SetupError | BusyError:
    reasons = reasons_of(error)
    causes = ", ".join(sorted(reasons))
    if reasons & _BUSY:
        return BusyError(
            f"Google Cloud does not {step} now: {causes}. It is tried again; if it lasts, look at the quotas of "
            f"project {project}"
        )
    if reasons & _API_OFF:
        service = "bigquery" if "/bigquery/" in str(error) else "storage"
        api = str((error.metadata or {}).get("service") or f"{service}.googleapis.com")
        return SetupError(
            f"Cannot {step}: the API is not enabled ({causes}). Run: gcloud services enable {api} --project {project}"
        )
    if reasons & _BILLING_OFF:
        return SetupError(
            f"Cannot {step}: billing is off ({causes}). Run: gcloud billing projects link {project} "
            "--billing-account $BILLING_ACCOUNT"
        )
    if reasons and not reasons & _NO_RIGHT:
        return SetupError(
            f"Cannot {step}: Google Cloud refuses it ({causes}). If it is a policy of the organisation, ask its "
            "administrator"
        )
    roles = ", ".join(f"{need.role} on {need.on}" for need in needs)
    commands = "; ".join(need.command for need in needs)
    return NoRightError(f"No right to {step}: give {who} the role {roles}, then {then}. Run: {commands}")


def reasons_of(error: GoogleAPICallError) -> set[str]:
    """Collect the reasons that Google gave, in either form that its answers have."""
    listed = {str(item.get("reason", "")) for item in error.errors or () if isinstance(item, dict)}
    return {reason for reason in {*listed, str(error.reason or "")} if reason}


def is_of_one_object(error: GoogleAPICallError) -> bool:
    """Return whether Cloud Storage refuses to give an object for a reason that may be the object's own, and lasts.

    It may have a customer-supplied encryption key, or there may be no right on it.
    """
    code = int(error.code or 0)
    return (
        HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR
        and code not in _NOT_OF_ONE_OBJECT
        and not _reasons_of_download(error) & (_BUSY | _API_OFF | _BILLING_OFF)
    )


def _reasons_of_download(error: GoogleAPICallError) -> set[str]:
    """Collect the reasons of a refused download: the client leaves them in the answer."""
    try:
        listed = error.response.json()["error"]["errors"]  # type: ignore[union-attr, unused-ignore]
        return reasons_of(error) | {str(item["reason"]) for item in listed}
    except (AttributeError, KeyError, TypeError, ValueError):
        return reasons_of(error)
