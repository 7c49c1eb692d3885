"""A 403 of Google is told by its reason, in each form that its answers have."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from google.api_core import exceptions as google_exceptions

from tests.component.refusals import refusal
from tiny_operators.google_errors import (
    BusyError,
    NoRightError,
    SetupError,
    explained,
    is_of_one_object,
    on_bucket,
    on_dataset,
    on_project,
)

# They have no types.
exceptions: Any = google_exceptions
NEEDS = (
    on_project("p", "roles/bigquery.user"),
    on_bucket("b", "roles/storage.objectAdmin"),
    on_dataset("d", "EU", "roles/bigquery.dataOwner"),
)


def reported(answer: tuple[int, dict[str, Any]], path: str = "/bigquery/v2/projects/p/datasets") -> Exception:
    """What is said when Google's client meets an answer."""
    response = requests.Response()
    response.status_code, response._content = answer[0], json.dumps(answer[1]).encode()
    response.request = requests.Request("POST", f"https://example.com{path}").prepare()
    with pytest.raises((SetupError, BusyError)) as caught, explained("create dataset d", "p", *NEEDS):
        raise exceptions.from_http_response(response)
    return caught.value


@pytest.mark.parametrize("reason", ["accessDenied", "forbidden", "insufficientPermissions"])
def test_a_missing_right_is_told_with_the_commands_that_give_it(reason: str) -> None:
    error = reported(refusal(reason))
    assert isinstance(error, NoRightError)
    assert str(error).startswith("No right to create dataset d: give Airflow's service account the role ")
    assert "roles/bigquery.user on project p, roles/storage.objectAdmin on bucket gs://b, " in str(error)
    assert (
        "gcloud projects add-iam-policy-binding p --member serviceAccount:$ACCOUNT --role roles/big"
        in str(error)
    )
    assert "gcloud storage buckets add-iam-policy-binding gs://b --member serviceAccount:$ACCOUNT" in str(
        error
    )
    assert r"bq query --location=EU --use_legacy_sql=false \"GRANT \`roles/bigquery.dataOwner\`".replace(
        r"\"", '"'
    ) in str(error)


@pytest.mark.parametrize("reason", ["quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded"])
def test_a_quota_is_no_missing_right(reason: str) -> None:
    error = reported(refusal(reason))
    assert isinstance(error, BusyError)
    assert reason in str(error)
    assert "role" not in str(error)


@pytest.mark.parametrize(
    ("answer", "path", "command"),
    [
        (
            refusal("accessNotConfigured"),
            "/bigquery/v2/x",
            "services enable bigquery.googleapis.com --project p",
        ),
        (
            refusal("accessNotConfigured"),
            "/storage/v1/b",
            "services enable storage.googleapis.com --project p",
        ),
        (
            refusal(
                "forbidden",
                details={"reason": "SERVICE_DISABLED", "metadata": {"service": "bigquery.googleapis.com"}},
            ),
            "/storage/v1/b",
            "services enable bigquery.googleapis.com --project p",
        ),
        (refusal("billingNotEnabled"), "/bigquery/v2/x", "gcloud billing projects link p"),
        (refusal("accountDisabled"), "/storage/v1/b", "gcloud billing projects link p"),
        (
            refusal("forbidden", details={"reason": "BILLING_DISABLED"}),
            "/storage/v1/b",
            "gcloud billing projects link p",
        ),
        (refusal("vpcServiceControls"), "/storage/v1/b", "policy of the organisation"),
    ],
)
def test_what_else_is_off_is_told(answer: tuple[int, dict[str, Any]], path: str, command: str) -> None:
    error = reported(answer, path)
    assert not isinstance(error, NoRightError)
    assert command in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        refusal("invalid", "Unknown project id: p", 400),
        refusal("notFound", "Not found: Project p", 404),
    ],
)
def test_a_project_that_is_not_there_is_named(answer: tuple[int, dict[str, Any]]) -> None:
    assert "there is no project p" in str(reported(answer))


def test_an_answer_without_a_reason_is_taken_for_a_missing_right() -> None:
    assert isinstance(reported((403, {"error": {"code": 403, "message": "x"}})), NoRightError)


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(exceptions.NotFound), explained("see a table", "p"):
        raise exceptions.NotFound("Not found: Table p:d.t")


def refused_download(answer: tuple[int, Any]) -> Any:
    """The error of a download, as Cloud Storage's client makes it: the answer is beside it."""
    response = requests.Response()
    content = answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()
    response.status_code, response._content = answer[0], content
    return exceptions.from_http_status(answer[0], "rateLimitExceeded.json", response=response)


@pytest.mark.parametrize("status", [400, 403, 412, 423])
@pytest.mark.parametrize(
    "body", [b"", b"denied", b"[]", b'{"error": "denied"}', b'{"error": {"errors": [1]}}', refusal("x")[1]]
)
def test_a_refusal_may_be_of_one_object_whatever_it_says(status: int, body: Any) -> None:
    assert is_of_one_object(refused_download((status, body)))


@pytest.mark.parametrize("status", [401, 404, 408, 429, 500, 503])
def test_what_may_pass_is_of_no_object(status: int) -> None:
    assert not is_of_one_object(refused_download((status, b"")))


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "accessNotConfigured", "accountDisabled"])
def test_what_concerns_the_whole_project_is_of_no_object(reason: str) -> None:
    answer = refusal(reason)
    assert not is_of_one_object(refused_download(answer))
    answer[1]["error"]["errors"] = [{"reason": "forbidden"}, *answer[1]["error"]["errors"] * 3]
    assert not is_of_one_object(refused_download(answer))
