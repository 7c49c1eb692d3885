"""Names of objects, and writing them to a real object store."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from webhook.inbox import Inbox, InboxError, object_name

if TYPE_CHECKING:
    from tests.webhook.conftest import Gcs

pytestmark = pytest.mark.stack


@pytest.fixture
def inbox(gcs: "Gcs", monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """An inbox on the emulator."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    return Inbox()


def test_the_name_that_others_rely_on() -> None:
    unique = UUID("12345678-1234-4678-9234-567812345678")
    arrived = datetime(2026, 11, 5, 9, 7, 3, tzinfo=ZoneInfo("America/Sao_Paulo"))
    assert object_name("z316", "880000123", arrived, unique) == (
        "vendas/z316-tiny-webhook-vendas-880000123-20261105T090703-12345678-1234-4678-9234-567812345678.json"
    )


def test_an_object_holds_the_bytes_and_nothing_else(inbox: Inbox, gcs: "Gcs") -> None:
    body = bytes(range(256))
    inbox.put(gcs.bucket, "vendas/bytes.json", body)
    blob = gcs.client().bucket(gcs.bucket).get_blob("vendas/bytes.json")
    assert blob.download_as_bytes() == body
    assert blob.content_type == "application/json"
    assert not blob.metadata


def test_a_name_that_is_taken_was_stored_by_an_earlier_attempt(inbox: Inbox, gcs: "Gcs") -> None:
    inbox.put(gcs.bucket, "vendas/attempt.json", b"first")
    inbox.put(gcs.bucket, "vendas/attempt.json", b"second")
    assert gcs.client().bucket(gcs.bucket).blob("vendas/attempt.json").download_as_bytes() == b"first"


def test_a_missing_bucket_is_an_error_without_content(inbox: Inbox) -> None:
    with pytest.raises(InboxError, match=r"^NotFound 404$"):
        inbox.put("this-bucket-was-never-made", "vendas/lost.json", b"Zulmira")
