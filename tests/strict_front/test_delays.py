"""The time that Google's services take, and the record of requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from benchmarks.front import Front, in_a_row
from local.strict_front.delays import Delays
from local.strict_front.record import Request
from tests.strict_front.asking import Rules
from tests.strict_front.cases import TABLES
from tests.strict_front.plain_requests import SOUTH, Bq, Gcs

_TIMES = Delays().settings


@pytest.fixture
def front(emulators: dict[str, str]) -> Front:
    """The front, whose record begins."""
    found = Front(emulators["STORAGE_EMULATOR_HOST"])
    found.forget()
    return found


@pytest.fixture
def slow(front: Front) -> Iterator[Front]:
    with front.delays():
        yield front


def lasted(request: Request) -> float:
    return request.ended - request.began


def test_each_kind_of_request_takes_its_time(slow: Front, gcs: Gcs, bq: Bq) -> None:
    slow.forget()
    assert gcs.media("one") == 200
    assert gcs.ask("GET", gcs.path("one")).status_code == 200
    assert gcs.ask("GET", f"/storage/v1/b/{gcs.bucket}/o").status_code == 200
    assert bq.ask("GET", "/datasets").status_code == 200
    times = {request.method: lasted(request) for request in slow.requests()}
    storage = _TIMES["storage"]
    assert times["storage.objects.insert"] >= storage["write"]
    assert times["storage.objects.get"] >= storage["read"]
    assert times["storage.objects.list"] >= storage["list"]
    assert times["bigquery.datasets.list"] >= _TIMES["bigquery"]["request"]


def test_statements_take_their_time_and_hold_nobody(slow: Front, gcs: Gcs, bq: Bq) -> None:
    slow.forget()
    body = {"query": "DECLARE three INT64 DEFAULT 3; SELECT three", "useLegacySql": False}
    with ThreadPoolExecutor() as pool:
        query = pool.submit(bq.ask, "POST", "/queries", body=body)
        while not query.done():
            gcs.ask("GET", gcs.path("none"))
        assert query.result().json()["jobComplete"] is True
    found = slow.requests()
    (ran,) = [request for request in found if request.method == "bigquery.jobs.query"]
    assert ran.statements == 1
    assert lasted(ran) >= _TIMES["jobs"]["statement"][0]
    during = [request for request in found if ran.began < request.began and request.ended < ran.ended]
    assert len(during) > 1


@pytest.mark.parametrize(
    ("sql", "jobs", "reads"),
    [
        ("SELECT 1 AS one", 1, 0),
        ("SELECT id FROM t", 1, 1),
        ("SELECT a.id FROM t AS a JOIN t AS b ON a.id = b.id", 1, 1),
        ("SELECT id FROM t; SELECT id FROM t; SELECT id FROM t", 3, 3),
        ("DECLARE three INT64 DEFAULT 3; SELECT three; SELECT three + 1", 2, 0),
        ("DECLARE ids ARRAY<INT64> DEFAULT ARRAY(SELECT id FROM t); SELECT 1 AS one", 2, 1),
        ("BEGIN DECLARE one INT64; SET one = (SELECT MAX(id) FROM t); DELETE t WHERE id = one; END", 2, 2),
    ],
)
def test_statements_that_are_jobs(rules: Rules, sql: str, jobs: int, reads: int) -> None:
    # The second time the query is remembered.
    for _ in range(2):
        found = rules(sql, TABLES)
        assert (found.statements, found.reads) == (jobs, reads)


def test_a_job_runs_until_its_time_is_over(slow: Front, bq: Bq) -> None:
    began = time.monotonic()
    job = bq.query("SELECT 1 AS one").json()
    assert job["status"] == {"state": "RUNNING"}
    path = f"/jobs/{job['jobReference']['jobId']}"
    state = "RUNNING"
    while state == "RUNNING":
        state = bq.ask("GET", path, query={"location": SOUTH}).json()["status"]["state"]
    assert state == "DONE"
    assert time.monotonic() - began >= _TIMES["jobs"]["statement"][0]


def test_results_are_not_awaited_for_longer_than_asked(slow: Front, bq: Bq) -> None:
    path = f"/queries/{bq.ran()}"
    first = bq.ask("GET", path, query={"timeoutMs": 1, "location": SOUTH}).json()
    assert first["jobComplete"] is False
    assert "rows" not in first
    assert bq.ask("GET", path, query={"location": SOUTH}).json()["rows"] == [{"f": [{"v": "1"}]}]


def test_how_long_a_job_runs_on_is_recorded(slow: Front, bq: Bq) -> None:
    slow.forget()
    bq.query("SELECT 1 AS one")
    bq.query("SELECT no_column FROM UNNEST([1]) AS one")
    good, refused = (request.runs_on for request in slow.requests() if request.job)
    assert good > 0
    assert refused == 0
    with slow.delays(on=False):
        bq.query("SELECT 1 AS one")
        assert slow.requests()[-1].runs_on == 0


def test_a_job_that_is_refused_has_ended(slow: Front, bq: Bq) -> None:
    status = bq.query("SELECT no_column FROM UNNEST([1]) AS one").json()["status"]
    assert status["state"] == "DONE"
    assert status["errorResult"]["reason"] == "invalidQuery"


def test_without_being_asked_nothing_is_delayed(front: Front, bq: Bq) -> None:
    assert bq.query("SELECT 1 AS one").json()["status"]["state"] == "DONE"
    with front.delays(on=False):
        assert bq.query("SELECT 1 AS one").json()["status"]["state"] == "DONE"


def test_what_is_refused_is_recorded(front: Front, gcs: Gcs) -> None:
    front.forget()
    for name in ("one", "two", "three"):
        assert gcs.ask("GET", gcs.path(name)).status_code == 404
    assert gcs.ask("GET", "/storage/v1/b/nobody-has-it/o").status_code in {403, 404}
    assert [request.status >= 400 for request in front.requests()] == [True] * 4
    assert {request.account for request in front.requests()} == {"airflow"}
    assert front.requests("receiver") == []


@pytest.mark.parametrize(("spans", "count"), [
    ([], 0),
    ([(0, 1)], 1),
    ([(0, 1), (1, 2), (2, 3)], 3),
    ([(0, 3), (0, 1), (1, 2), (2, 3)], 3),
    ([(0, 9), (1, 2), (3, 4)], 2),
    ([(0, 2), (1, 3), (2, 4)], 2),
])  # fmt: skip
def test_the_longest_chain(spans: list[tuple[int, int]], count: int) -> None:
    request = Request("airflow", "storage.objects.get", "", "", 0, 200, 0, 0)
    made = [replace(request, began=began, ended=ended) for began, ended in spans]
    assert in_a_row(made) == in_a_row(made[::-1]) == count
