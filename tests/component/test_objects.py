"""What becomes of objects when an answer is lost, a service is busy, or others write at the same time."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from google.api_core.exceptions import PreconditionFailed
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from local.demo.parts import Warehouse
from tests.component.proxy import Proxy, Rule, Spoil, proxy
from tiny_operators.lake.objects import NotChangedError, Objects
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack

SERVICE = "STORAGE_EMULATOR_HOST"
Strictly = Callable[[Rule], AbstractContextManager[Proxy]]
# How a request fails that is repeated.
PASSING: list[Spoil] = [429, 503, "reset", "lost"]
# Up to so many bytes an object is small.
PART = 1024 * 1024


@pytest.fixture
def direct(store: Store, warehouse: Warehouse) -> dict[str, Objects]:
    """The buckets, past the proxy: its rules may look into them."""
    plain = client()
    return {name: Objects(plain, name) for name in (store.api_bucket, store.webhook_bucket)}


@pytest.fixture
def service(
    direct: dict[str, Objects], emulators: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    """Cloud Storage behind a proxy; its client asks again sooner than it does by itself."""
    monkeypatch.setattr(DEFAULT_RETRY, "_initial", 0.05)
    with proxy(emulators[SERVICE]) as server:
        monkeypatch.setenv(SERVICE, server.url)
        yield server


@pytest.fixture
def objects(service: Proxy, store: Store) -> Objects:
    return Objects(client(), store.api_bucket)


@pytest.fixture
def inbox(service: Proxy, store: Store) -> Objects:
    return Objects(client(), store.webhook_bucket)


@pytest.fixture
def strictly(service: Proxy, direct: dict[str, Objects]) -> Strictly:
    """For a block: refuses what Cloud Storage refuses, and the emulator does not: copies and deletions whose
    precondition is not met."""

    def strict(rule: Rule, request: str, number: int) -> Spoil | None:
        if (how := rule(request, number)) is not None:
            return how
        method, _, path = request.partition(" ")
        wanted = parse_qs(urlsplit(path).query).get("ifGenerationMatch")
        if not wanted or not ("/copyTo/" in path or method == "DELETE"):
            return None
        bucket, name = urlsplit(path.rpartition("/copyTo")[2]).path.rpartition("/b/")[2].split("/o/")
        found = next((int(blob.generation) for blob in direct[bucket].list(name)), 0)
        is_gone = method == "DELETE" and not found
        return 412 if found != int(wanted[0]) and not is_gone else None

    @contextmanager
    def during(rule: Rule) -> Iterator[Proxy]:
        service.rule = partial(strict, rule)
        yield service
        service.rule = lambda request, number: None

    return during


def client() -> storage.Client:
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    return GCSHook().get_conn()


def first(method: str, how: Spoil, count: int = 1) -> Rule:
    """Spoil the first requests of a method."""
    left = [count]

    def rule(request: str, number: int) -> Spoil | None:
        if not request.startswith(f"{method} ") or not left[0]:
            return None
        left[0] -= 1
        return how

    return rule


def a_name() -> str:
    return f"tests/{uuid.uuid4()}.json"


def generation(objects: Objects, name: str) -> int:
    (blob,) = objects.list(name)
    return int(blob.generation)


@pytest.mark.parametrize("how", PASSING)
@pytest.mark.parametrize("count", [1, 3])
def test_what_is_written_stands_also_when_requests_fail(
    how: Spoil, count: int, service: Proxy, objects: Objects
) -> None:
    name = a_name()
    for content in ({"a": 1}, {"a": 2}):
        service.rule = first("POST", how, count)
        objects.write_json(name, content)
        assert objects.read_json(name) == content
    assert service.spoiled == 2 * count


@pytest.mark.parametrize("how", PASSING)
def test_what_is_created_is_known_as_ones_own(how: Spoil, service: Proxy, objects: Objects) -> None:
    name = a_name()
    service.rule = first("POST", how)
    assert objects.create(name, "ours")
    assert not objects.create(name, "ours")
    service.rule = first("POST", how)
    assert not objects.create(name, "of another")
    assert objects.read(name) == b"ours"


@pytest.mark.parametrize("how", PASSING)
def test_a_change_is_made_once(how: Spoil, service: Proxy, objects: Objects) -> None:
    name = a_name()
    for count in (1, 2, 3):
        service.rule = first("POST", how)
        objects.change_json(name, lambda content: {"count": (content or {"count": 0})["count"] + 1})
        assert objects.read_json(name) == {"count": count}


@pytest.mark.parametrize("meanwhile", [1, 4])
def test_a_change_takes_up_what_others_wrote_meanwhile(meanwhile: int, objects: Objects) -> None:
    name, others = a_name(), iter(range(meanwhile))

    def change(content: list[str] | None) -> list[str]:
        if (other := next(others, None)) is not None:
            objects.write_json(name, [*(content or []), f"other {other}"])
        return [*(content or []), "ours"]

    objects.change_json(name, change)
    assert objects.read_json(name) == [*(f"other {other}" for other in range(meanwhile)), "ours"]


def test_a_change_that_others_outrun_each_time_says_so(objects: Objects) -> None:
    name = a_name()

    def change(content: object) -> object:
        objects.write_json(name, str(uuid.uuid4()))
        return "ours"

    with pytest.raises(NotChangedError, match="changed by others"):
        objects.change_json(name, change)
    assert objects.read_json(name) != "ours"


@pytest.mark.parametrize("how", [429, 503, "reset"])
@pytest.mark.parametrize("lines", [1, 30_000])
def test_a_stream_makes_the_object_at_its_end(
    how: Spoil, lines: int, service: Proxy, objects: Objects
) -> None:
    name, line = a_name(), f"{'x' * 99}\n"
    service.rule = first("POST", how)
    with objects.writing(name) as stream:
        for number in range(lines):
            if lines > 1 and number == lines // 2:
                # It is written in parts, the first of which are there.
                service.rule = first("PUT", how)
            stream.write(line)
    assert objects.read(name) == line.encode() * lines
    assert service.spoiled


@pytest.mark.parametrize("lines", [0, 1, 30_000])
def test_a_stream_that_fails_makes_no_object(lines: int, objects: Objects) -> None:
    name = a_name()

    def write() -> None:
        with objects.writing(name) as stream:
            stream.writelines("x" * 99 + "\n" for _ in range(lines))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    gc.collect()
    assert objects.read(name) is None


@pytest.mark.parametrize("how", PASSING)
def test_what_is_deleted_is_gone(how: Spoil, service: Proxy, objects: Objects) -> None:
    name = a_name()
    objects.create(name, "content")
    for _ in range(2):
        service.rule = first("DELETE", how)
        objects.delete(name)
        assert objects.read(name) is None


@pytest.mark.parametrize("how", PASSING)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_move_is_done_also_when_a_request_fails(
    method: str, how: Spoil, strictly: Strictly, objects: Objects, inbox: Objects
) -> None:
    for replaces in (True, False):
        name = a_name()
        inbox.create(name, "content")
        with strictly(first(method, how)) as service:
            assert inbox.move(name, generation(inbox, name), objects, name, replaces=replaces)
        assert service.spoiled
        assert inbox.read(name) is None
        assert objects.read(name) == b"content"


def test_a_move_does_not_take_the_place_of_another_content(
    strictly: Strictly, objects: Objects, inbox: Objects
) -> None:
    name = a_name()
    inbox.create(name, "content")
    objects.create(name, "another")
    old = generation(inbox, name)
    with strictly(first("POST", 503)), pytest.raises(PreconditionFailed):
        inbox.move(name, old, objects, name, replaces=False)
    assert inbox.read(name) == b"content"
    assert objects.read(name) == b"another"


def test_a_file_that_is_overwritten_while_it_moves_waits_on(
    strictly: Strictly, direct: dict[str, Objects], store: Store, objects: Objects, inbox: Objects
) -> None:
    name = a_name()
    inbox.create(name, "the first")
    old = generation(inbox, name)
    overwritten: list[str] = []

    def overwrite(request: str, number: int) -> Spoil | None:
        if request.startswith("DELETE ") and not overwritten:
            overwritten.append(request)
            direct[store.webhook_bucket].write_json(name, "the second")
        return None

    with strictly(overwrite):
        assert not inbox.move(name, old, objects, name)
    assert overwritten
    assert inbox.read_json(name) == "the second"
    assert objects.read(name) == b"the first"
    # What was moved before is not there any more; the newer one is left alone, and no copy is made of it.
    assert not inbox.move(name, old, objects, f"{name}-again")
    assert objects.read(f"{name}-again") is None
    assert inbox.read_json(name) == "the second"


@pytest.mark.parametrize(
    ("sizes", "is_small"),
    [
        ([], True),
        ([1], True),
        ([PART - 1, 1], True),
        ([PART, 1], False),
        ([1, PART], False),
        ([2 * PART], False),
        ([PART // 2] * 6, False),
    ],
)
def test_a_small_object_is_written_in_one_request(
    objects: Objects, service: Proxy, sizes: list[int], is_small: bool
) -> None:
    name, lines = a_name(), ["x" * (size - 1) + "\n" for size in sizes]
    with objects.writing(name) as stream:
        stream.writelines(lines)
    uploads = sum(count for request, count in service.seen.items() if " /upload/" in request)
    assert (uploads == 1) is is_small
    assert (objects.read(name) or b"").decode() == "".join(lines)


def test_what_is_read_ahead_is_what_was_there_and_is_given_once(objects: Objects) -> None:
    some = [a_name() for _ in range(3)]
    for name in some:
        objects.write_json(name, "before")
    gone = a_name()
    objects.read_ahead(*some, gone)
    assert [objects.read_json(name) for name in [*some, gone]] == ["before"] * 3 + [None]
    # Somebody else writes: the second read asks again.
    Objects(client(), objects._bucket.name).write_json(some[1], "after")
    assert [objects.read_json(name) for name in some] == ["before", "after", "before"]


@pytest.mark.parametrize(
    "write",
    [
        lambda objects, name: objects.write_json(name, "ours"),
        lambda objects, name: objects.change_json(name, lambda content: "ours"),
        lambda objects, name: objects.put(name, b'"ours"', "application/json"),
        lambda objects, name: objects.delete(name),
    ],
)
def test_what_was_read_ahead_does_not_outlive_a_write(
    write: Callable[[Objects, str], None], objects: Objects
) -> None:
    name = a_name()
    objects.write_json(name, "before")
    objects.read_ahead(name)
    write(objects, name)
    assert objects.read_json(name) != "before"


def _with(number: int, content: list[Any]) -> list[Any]:
    return [*content, number]


@pytest.mark.parametrize("others", [0, 2])
def test_a_change_of_what_was_read_ahead_takes_up_what_others_wrote(others: int, objects: Objects) -> None:
    name, somebody = a_name(), Objects(client(), objects._bucket.name)
    objects.write_json(name, [])
    objects.read_ahead(name)
    for number in range(others):
        somebody.change_json(name, partial(_with, number))
    objects.change_json(name, lambda content: [*content, "ours"])
    assert objects.read_json(name) == [*range(others), "ours"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_that_has_begun_has_all_there_is(count: int, objects: Objects) -> None:
    folder = a_name()
    some = [f"{folder}/{number}" for number in range(count)]
    for name in some:
        objects.write_json(name, "x")
    assert [blob.name for blob in objects.list_ahead(f"{folder}/")] == some
