"""The object store or BigQuery refuses, throttles, or breaks off: the tables are right at the end, and nothing is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY
from google.cloud.bigquery.retry import DEFAULT_RETRY as BIGQUERY_RETRY
from google.cloud.storage.retry import DEFAULT_RETRY as STORAGE_RETRY

from tests.component.proxy import Proxy, Spoil, proxy
from tests.component.whole_runs import Sold
from tiny_operators.batches import row_files as files
from tiny_operators.schemas import TABLES

pytestmark = pytest.mark.stack

SERVICES = {"gcs": "STORAGE_EMULATOR_HOST", "bigquery": "BIGQUERY_EMULATOR_HOST"}
RETRIES = (STORAGE_RETRY, BIGQUERY_RETRY, DEFAULT_JOB_RETRY)
REPO = Path(__file__).resolve().parents[2]
TRIES = 6


@pytest.fixture
def proxies(
    emulators: dict[str, str], sold: Sold, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Proxy]]:
    """Both services behind proxies; Google's clients ask again sooner than they do by themselves."""
    for retry in RETRIES:
        monkeypatch.setattr(retry, "_initial", 0.05)
    with proxy(emulators[SERVICES["gcs"]]) as gcs, proxy(emulators[SERVICES["bigquery"]]) as bigquery:
        monkeypatch.setenv(SERVICES["gcs"], gcs.url)
        monkeypatch.setenv(SERVICES["bigquery"], bigquery.url)
        yield {"gcs": gcs, "bigquery": bigquery}


@pytest.fixture
def impatient_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's clients give up after some seconds instead of minutes; a busy machine may need one for a load."""
    for retry in RETRIES:
        monkeypatch.setattr(retry, "_timeout", 3)


@pytest.mark.parametrize("how", [503, 429, "reset", "lost"])
@pytest.mark.parametrize("service", SERVICES)
def test_requests_that_fail_now_and_then_change_nothing(
    service: str, how: Spoil, proxies: dict[str, Proxy], sold: Sold
) -> None:
    dice = random.Random(f"{service} {how}")

    def now_and_then(request: str, number: int) -> Spoil | None:
        # Cloud Storage tells again how an upload in parts ended; the emulator has forgotten it.
        forgotten = how == "lost" and request.startswith("PUT ")
        return how if not forgotten and (number == 2 or dice.random() < 0.2) else None

    proxies[service].rule = now_and_then
    sold.run()
    proxies[service].rule = lambda request, number: None
    assert proxies[service].spoiled
    assert sold.wrong() == []


@pytest.mark.parametrize(
    ("task", "what", "how"),
    [
        ("plan", "/plan.json", 503),
        ("fetch", "raw/pdv/", 429),
        ("rows", "rows/pdv/", 503),
        ("load_produto", "/jobs", 429),
        ("merge", "_merge_", 503),
        ("archive", "/o/webhook/", 503),
    ],
)
@pytest.mark.usefixtures("impatient_clients")
def test_a_service_that_never_comes_back_fails_the_task_and_the_next_run_loads_all(
    task: str, what: str, how: int, proxies: dict[str, Proxy], sold: Sold
) -> None:
    for server in proxies.values():
        server.rule = lambda request, number: how if what in request else None
    assert sold.failed_run(r"spoiled|Timeout|moved") == (task, TRIES)
    for server in proxies.values():
        server.rule = lambda request, number: None
    assert len(sold.warehouse.waiting()) == len(sold.orders)
    sold.run()
    assert sold.wrong() == []


def test_a_load_job_that_fails_fails_its_task_and_the_next_run_loads_all(sold: Sold) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "row_texts", lambda rows: ["{no JSON\n" for _ in rows])
        task, tries = sold.failed_run("JSON")
    assert task.startswith("load_")
    assert tries == TRIES
    assert not any(sold.rows(table) for table in TABLES)
    sold.run()
    assert sold.wrong() == []


@pytest.mark.usefixtures("airflow_database")
def test_a_worker_whose_disk_is_full_loads_all_the_same(sold: Sold) -> None:
    """The steps keep what they work on in memory, a batch at a time."""
    command = [sys.executable, "-m", "tests.component.without_disk"]
    done = subprocess.run(
        command, cwd=REPO, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert sold.wrong() == []
