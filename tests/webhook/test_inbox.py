"""Writing objects to a real object store, and what its answers prove when the first of them is lost."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from webhook import inbox
from webhook.inbox import InboxError, put

if TYPE_CHECKING:
    from tests.webhook.conftest import Gcs

pytestmark = pytest.mark.stack

JSON = "application/json"


@pytest.fixture(autouse=True)
def new_client() -> Iterator[None]:
    """Each test has a client of its own, for its own address."""
    inbox._client.cache_clear()
    yield
    inbox._client.cache_clear()


@pytest.fixture
def emulator(gcs: "Gcs", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.receiver_url)


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("encoding", ["", "gzip", "br, x"])
def test_an_object_holds_the_bytes_and_what_the_sender_said_of_them(gcs: "Gcs", encoding: str) -> None:
    body = bytes(range(256))
    name = f"vendas/bytes{len(encoding)}.json"
    put(gcs.bucket, name, body, "text/plain; charset=x", encoding)
    blob = gcs.client().bucket(gcs.bucket).get_blob(name)
    assert blob.download_as_bytes() == body
    assert (blob.content_type, blob.content_encoding) == ("text/plain; charset=x", None)
    assert blob.metadata == ({"content-encoding": encoding} if encoding else None)


def test_a_name_that_is_taken_was_stored_by_an_earlier_attempt(
    gcs: "Gcs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is for an account that may overwrite, and is told of the precondition."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    put(gcs.bucket, "vendas/attempt.json", b"first", JSON, "")
    put(gcs.bucket, "vendas/attempt.json", b"second", JSON, "")
    assert gcs.client().bucket(gcs.bucket).blob("vendas/attempt.json").download_as_bytes() == b"first"


@pytest.mark.usefixtures("emulator")
def test_the_receivers_account_overwrites_nothing(gcs: "Gcs") -> None:
    """Without a lost answer, a name that is taken is somebody else's."""
    put(gcs.bucket, "vendas/taken.json", b"first", JSON, "")
    with pytest.raises(InboxError, match=r"^Forbidden 403$"):
        put(gcs.bucket, "vendas/taken.json", b"second", JSON, "")
    assert gcs.client().bucket(gcs.bucket).blob("vendas/taken.json").download_as_bytes() == b"first"


@pytest.mark.usefixtures("emulator")
def test_a_missing_bucket_is_an_error_without_content() -> None:
    with pytest.raises(InboxError, match=r"^NotFound 404$"):
        put("this-bucket-was-never-made", "vendas/lost.json", b"Zulmira", JSON, "")


class Refusing:
    """Answers as Cloud Storage does to an account with too few rights, which no emulator does.

    Attributes:
        answers: Status and missing right of each answer, in turn.
    """

    def __init__(self, answers: list[tuple[int, str]]) -> None:
        self.answers = answers
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                status, right = outer.answers.pop(0)
                message = f"account does not have {right} access to the Google Cloud Storage object."
                body = json.dumps({"error": {"code": status, "message": message}}).encode()
                self.send_response(status)
                self.send_header("Content-Type", JSON)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{self.server.server_port}")
        try:
            put("a-bucket", "vendas/x.json", b"x", JSON, "")
        finally:
            self.server.shutdown()
            self.server.server_close()


LOST = (HTTPStatus.SERVICE_UNAVAILABLE, "any")
MAY_NOT_OVERWRITE = (HTTPStatus.FORBIDDEN, "storage.objects.delete")
MAY_NOT_CREATE = (HTTPStatus.FORBIDDEN, "storage.objects.create")
THERE = (HTTPStatus.PRECONDITION_FAILED, "any")


@pytest.mark.parametrize(
    "answers", [[LOST, MAY_NOT_OVERWRITE], [LOST, LOST, MAY_NOT_OVERWRITE], [LOST, THERE], [THERE]]
)
def test_a_repeat_that_meets_its_own_object_is_stored(
    monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, str]]
) -> None:
    store = Refusing([*answers])
    store.put(monkeypatch)
    assert store.answers == []


@pytest.mark.parametrize("answers", [[MAY_NOT_OVERWRITE], [MAY_NOT_CREATE], [LOST, MAY_NOT_CREATE]])
def test_any_other_missing_right_is_an_error(
    monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, str]]
) -> None:
    with pytest.raises(InboxError, match=r"^Forbidden 403$"):
        Refusing([*answers]).put(monkeypatch)


@pytest.mark.parametrize("threads", [1, 3, inbox.THREADS])
def test_each_thread_keeps_its_connection(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """As many uploads at once as there are threads, again and again: no connection is made anew."""
    together, connections = threading.Barrier(threads), []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            connections.append(self.client_address)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            # None is answered before all are there: so each needs a connection of its own.
            together.wait(60)
            self.send_response(200)
            self.send_header("Content-Type", JSON)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    inbox._client()
    try:
        with ThreadPoolExecutor(threads) as pool:
            for turn in range(3):
                names = [f"vendas/{turn}-{number}.json" for number in range(threads)]
                list(pool.map(lambda name: put("a-bucket", name, b"x", JSON, ""), names))
    finally:
        server.shutdown()
        server.server_close()
    assert len(connections) == threads
