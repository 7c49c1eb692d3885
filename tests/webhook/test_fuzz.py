"""Mutated bodies against the running receiver: each is stored or refused, none is an error, and memory stays bounded."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.envelopes import envelope, event

if TYPE_CHECKING:
    from tests.webhook.conftest import Gcs, Receiver, StartReceiver

pytestmark = pytest.mark.stack

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SEEDS = [path.read_bytes() for path in sorted(SAMPLES.glob("*/*")) if path.is_file()]
LIMIT = 100_000
AT_ONCE = 20
WARM = 200
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; charset=utf-16",
    "é",
    "",
]
Sent = tuple[bytes, dict[str, str]]


def mutated(rng: Random) -> Sent:
    """A sample or an envelope with some of its bytes cut, doubled or replaced; packed, blown up or cut short now and then."""
    body = rng.choice([rng.choice(SEEDS), envelope(rng, [event(rng, rng.randrange(10**9))]).content])
    for _ in range(rng.choice([0, 1, 1, 3, 20])):
        at, size = rng.randrange(len(body) + 1), rng.choice([0, 1, 1, 7, 100])
        piece = rng.choice([
            b"",
            rng.randbytes(size),
            body[at : at + size] * 2,
            b'{"',
            b"\\",
            b"%25",
            b"\x1f\x8b",
            b"tipo",
        ])
        body = body[:at] + piece + body[at + size :]
    body = rng.choice(
        [body] * 6 + [gzip.compress(body), body * 200, body[: len(body) // 2], rng.randbytes(300)]
    )
    headers = {
        "Content-Type": rng.choice(TYPES),
        "Content-Encoding": rng.choice(["", "", "gzip", "br", "x" * 300]),
    }
    return body, {name: value for name, value in headers.items() if value}


@pytest.fixture(scope="module")
def small(start_receiver: "StartReceiver") -> "Receiver":
    return start_receiver(WEBHOOK_MAX_BYTES=str(LIMIT))


@pytest.fixture(scope="module")
def post(small: "Receiver") -> "Post":
    return Post(small)


class Post:
    """Posts many bodies at once, over connections that stay.

    Attributes:
        stored: The bytes of each object that was acknowledged.
        counts: How often each status was answered.
    """

    def __init__(self, receiver: "Receiver") -> None:
        self.stored: dict[str, bytes] = {}
        self.counts: dict[int, int] = {}
        self._url = receiver.url
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._session = requests.Session()
        self._session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))

    def all(self, bodies: list[Sent]) -> None:
        """Post each and remember its answer."""
        for (body, _), answer in zip(bodies, self._pool.map(self._one, bodies), strict=True):
            self.counts[answer.status_code] = self.counts.get(answer.status_code, 0) + 1
            if answer.status_code == 413:
                assert len(body) > LIMIT
                continue
            assert (answer.status_code, len(body) <= LIMIT) == (200, True), (body, answer.text)
            if answer.json()["status"] == "stored":
                self.stored[answer.json()["object"]] = body

    def _one(self, sent: Sent) -> requests.Response:
        body, headers = sent
        coded = {name: value.encode() for name, value in headers.items()}
        # In chunks now and then, when nothing announces how large it is.
        data = body if len(body) % 7 else iter([body[:100], body[100:]]) if body[100:] else body
        return self._session.post(self._url, data=data, headers=coded, timeout=60)


@pytest.mark.parametrize("count", [500, 10_000])
def test_mutated_bodies(small: "Receiver", post: Post, gcs: "Gcs", count: int) -> None:
    process = psutil.Process(small.pid)
    rng = Random(14)
    for _ in range(WARM // AT_ONCE):
        post.all([mutated(rng) for _ in range(AT_ONCE)])
    warm = process.memory_info().rss

    @settings(
        max_examples=count // AT_ONCE,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def try_them(drawn: Random) -> None:
        seeded = Random(drawn.getrandbits(64))
        post.all([mutated(seeded) for _ in range(AT_ONCE)])

    try_them()
    assert sum(post.counts.values()) >= count
    assert post.counts[413] > 0
    assert process.memory_info().rss < 1.5 * warm
    client = gcs.client()
    sample = rng.sample(sorted(post.stored), 100)
    assert [client.bucket(gcs.bucket).blob(name).download_as_bytes() for name in sample] == [
        post.stored[name] for name in sample
    ]
    assert set(post.stored) <= gcs.names()
    assert not [event for event in small.events() if event["event"] == "library_message"]


def test_bodies_on_their_way_take_their_size_and_not_much_more(start_receiver: "StartReceiver") -> None:
    receiver, megabyte = start_receiver(WEBHOOK_MAX_SECONDS="600"), 1 << 20
    assert receiver.post(b"x").status_code == 200
    process = psutil.Process(receiver.pid)
    before = process.memory_info().rss
    with ExitStack() as stack:
        connections = [stack.enter_context(receiver.connect()) for _ in range(100)]
        for connection in connections:
            connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {megabyte}\r\n\r\n".encode())
            connection.sendall(b"x" * (megabyte - 1))
        held = process.memory_info().rss - before
        for connection in connections:
            connection.sendall(b"x")
            assert connection.recv(13) == b"HTTP/1.1 200 "
    assert held < 2 * 100 * megabyte
    assert process.memory_info().rss - before < 2 * 100 * megabyte
