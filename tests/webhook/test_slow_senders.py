"""Senders that take their time: they keep nobody else from being served, and are cut in the end."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from socket import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.webhook.conftest import Gcs, Receiver, SaleBuilder, StartReceiver

pytestmark = pytest.mark.stack

SECRET = "some-secret-0123456789"
HEADERS = f"POST /{SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 3600\r\n\r\n".encode()
# What each kind of slow sender has sent already: the headers in part, whole, with a wrong address, or nothing.
BEGINNINGS = {
    "headers": HEADERS[:9],
    "body": HEADERS + b"{",
    "address": HEADERS.replace(SECRET.encode(), b"wrong") + b"{",
    "nothing": b"",
}
POSTS = 64


@pytest.fixture(scope="module")
def patient(start_receiver: "StartReceiver") -> "Receiver":
    """A receiver that cuts no sender while a test lasts."""
    return start_receiver(WEBHOOK_SECRETS=SECRET, WEBHOOK_MAX_SECONDS="600")


@pytest.fixture(scope="module")
def hasty(start_receiver: "StartReceiver") -> "Receiver":
    """A receiver that soon cuts who is slow."""
    return start_receiver(WEBHOOK_SECRETS=SECRET, WEBHOOK_MAX_SECONDS="2")


@contextmanager
def slow_senders(receiver: "Receiver", count: int, kinds: list[str]) -> Iterator[list[socket]]:
    """Connections that send a byte a second until the end of the block, of each kind in turn."""
    with ExitStack() as stack:
        connections = [stack.enter_context(receiver.connect()) for _ in range(count)]
        for number, connection in enumerate(connections):
            connection.sendall(BEGINNINGS[kinds[number % len(kinds)]])
        ended = threading.Event()

        def drip() -> None:
            while not ended.wait(1):
                for connection in connections:
                    with suppress(OSError):
                        connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield connections
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize("kinds", [["body"], ["headers"], ["headers", "body", "address"]], ids="-".join)
@pytest.mark.parametrize("count", [1, 3, 100])
def test_others_are_served_while_slow_ones_send(
    patient: "Receiver", gcs: "Gcs", sale: "SaleBuilder", count: int, kinds: list[str]
) -> None:
    bodies = [json.dumps(sale(id=str(880002000 + number))).encode() for number in range(POSTS)]
    with slow_senders(patient, count, kinds) as connections, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: patient.post(body, f"/{SECRET}"), bodies))
        for connection, kind in zip(connections, kinds * count, strict=False):
            # None of them was cut, and only a wrong address has its answer already.
            connection.setblocking(False)
            if kind == "address":
                assert connection.recv(13) == b"HTTP/1.1 404 "
            else:
                with pytest.raises(BlockingIOError):
                    connection.recv(1)
            connection.setblocking(True)
    assert [answer.status_code for answer in answers] == [200] * POSTS
    for answer, body in zip(answers, bodies, strict=True):
        assert gcs.client().bucket(gcs.bucket).blob(answer.json()["object"]).download_as_bytes() == body


@pytest.mark.parametrize("count", [1, 3, 100])
@pytest.mark.parametrize("kind", list(BEGINNINGS))
def test_slow_ones_are_cut(hasty: "Receiver", gcs: "Gcs", kind: str, count: int) -> None:
    before = gcs.names()
    with ExitStack() as stack:
        connections = [stack.enter_context(hasty.connect()) for _ in range(count)]
        for connection in connections:
            connection.sendall(BEGINNINGS[kind])
        # Each ends by itself: it would be a time-out of the socket otherwise.
        answers = [b"".join(iter(partial(connection.recv, 65536), b"")) for connection in connections]
    expected = {"body": b"HTTP/1.1 408 ", "address": b"HTTP/1.1 404 "}.get(kind, b"")
    assert {answer[:13] for answer in answers} == {expected}
    assert gcs.names() == before


def test_too_many_senders_are_refused_and_nobody_for_good(start_receiver: "StartReceiver") -> None:
    receiver = start_receiver(WEBHOOK_SECRETS=SECRET, WEBHOOK_MAX_SECONDS="600", WEBHOOK_CONNECTIONS="20")
    # Once it answers, the connection that asked whether it listens is gone, which would count as well.
    assert receiver.post(b"").status_code == 404
    with slow_senders(receiver, 19, ["body"]):
        assert receiver.post(b"x", f"/{SECRET}").status_code == 503
    while receiver.post(b"x", f"/{SECRET}").status_code != 200:
        pass
