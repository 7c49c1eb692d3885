"""A query's job and the tries of its task: joined while it runs, run again when it failed, never two side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from tests.component.effects import DeadError, effects
from tests.component.proxy import Proxy, proxy
from tiny_operators._compat import AirflowFailException
from tiny_operators.operators.bigquery import CheckOperator, QueryOperator
from tiny_operators.readiness import bigquery_client
from tiny_operators.stores import Store
from tiny_operators.warehouse import views
from tiny_operators.warehouse.known_orders import KnownOrders
from tiny_operators.warehouse.personal_rows import OldRows

pytestmark = pytest.mark.stack

SERVICE = "BIGQUERY_EMULATOR_HOST"
RETRIES = 3


@dataclass
class Task:
    """One task of a run, of which each call is a try.

    Attributes:
        store: The store.
        table: Each job that succeeds adds a row here.
        operator: What runs the query.
        made: Which making of the rows it is about.
        run_id: The run.
        number: Number of the last try.
        cleared_at: Number of the last try before it was cleared.
        reported: What the tries left as XCom.
    """

    store: Store
    table: str
    operator: type[QueryOperator] = QueryOperator
    made: str = "once"
    run_id: str = field(default_factory=lambda: f"manual__{uuid.uuid4()}")
    number: int = 0
    cleared_at: int = 0
    reported: dict[str, Any] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        return f"INSERT `{self.table}` (made) VALUES ('{self.made}')"

    def again(self, sql: str | None = None) -> str:
        """The next try."""
        self.number += 1
        task = self.operator(
            task_id="merge",
            rows_version=self.made,
            configuration={"query": {"query": sql or self.sql, "useLegacySql": False}},
            location=self.store.location,
            retries=RETRIES,
        )
        ti = SimpleNamespace(
            try_number=self.number,
            max_tries=self.cleared_at + RETRIES,
            task=task,
            stats_tags={},
            xcom_push=lambda key, value: self.reported.update({key: value}),
        )
        run = SimpleNamespace(run_id=self.run_id, run_type="manual")
        context: Any = {"dag_run": run, "ti": ti, "task": task, "run_id": self.run_id}
        return str(task.execute(context))

    def clear(self) -> None:
        """As a person does."""
        self.cleared_at = self.number


@pytest.fixture
def client(store: Store) -> bigquery.Client:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    found: bigquery.Client = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    return found


@pytest.fixture
def task(store: Store, client: bigquery.Client) -> Task:
    table = f"{store.staging_dataset}.jobs_{uuid.uuid4().hex[:8]}"
    client.create_table(bigquery.Table(f"{client.project}.{table}", [bigquery.SchemaField("made", "STRING")]))
    return Task(store, table)


@pytest.fixture
def rows(task: Task, client: bigquery.Client) -> Callable[[], list[str]]:
    return lambda: [row["made"] for row in client.query_and_wait(f"SELECT made FROM `{task.table}`")]


@pytest.fixture
def service(task: Task, emulators: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """BigQuery behind a proxy; its client asks again sooner than it does by itself."""
    monkeypatch.setattr(DEFAULT_RETRY, "_initial", 0.05)
    with proxy(emulators[SERVICE]) as server:
        monkeypatch.setenv(SERVICE, server.url)
        yield server


def test_a_try_runs_its_job_once_and_leaves_its_link(task: Task, rows: Any, client: bigquery.Client) -> None:
    job_id = task.again()
    assert rows() == ["once"]
    assert job_id in task.reported["bigquery_job"]
    job = client.get_job(job_id, location=task.store.location)
    assert {"airflow-dag", "airflow-task", "try"} <= job.labels.keys()


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_job_that_failed_is_run_again_by_the_next_try(task: Task, rows: Any, failures: int) -> None:
    for _ in range(failures):
        with pytest.raises(GoogleAPICallError):
            task.again("SELECT ERROR('backendError')")
    last = task.again()
    assert rows() == ["once"]
    assert last.endswith(f"_{failures + 1}")


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_a_try_that_died_after_its_job_was_taken_is_joined(task: Task, rows: Any, deaths: int) -> None:
    for number in range(deaths):
        with effects(last=1 if not number else None) as counted:
            counted.dead = bool(number)
            with pytest.raises(DeadError):
                task.again()
    task.again()
    assert rows() == ["once"]
    task.again()
    assert rows() == ["once"]


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize("cleared", [False, True])
def test_a_job_that_still_runs_is_waited_for(
    task: Task, rows: Any, before: int, cleared: bool, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(before):
        with pytest.raises(GoogleAPICallError):
            task.again("SELECT ERROR('backendError')")
    with _dying_once_the_job_is_taken(), pytest.raises(DeadError):
        task.again()
    if cleared:
        task.clear()
    caplog.set_level("INFO")
    with _running(f"_{before + 1}"):
        last = task.again()
    # Rows that were loaded again since may be missing from what a running job has read.
    assert rows() == (["once", "once"] if cleared else ["once"])
    assert last.endswith(f"_{before + 1 + cleared}")
    assert f"event={'query_awaited' if cleared else 'query_joined'} " in caplog.text


@contextmanager
def _dying_once_the_job_is_taken() -> Iterator[None]:
    """A try that comes so far that BigQuery takes a job of its own, and is killed then."""
    submitted = QueryOperator._submitted

    def and_die(operator: QueryOperator, job_id: str) -> Any:
        raise DeadError(submitted(operator, job_id).job_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QueryOperator, "_submitted", and_die)
        yield


@contextmanager
def _running(ending: str) -> Iterator[None]:
    """The first look at a job finds that it still runs: the emulator's own are done before anybody looks."""
    looks: list[str] = []
    set_properties: Any = bigquery.QueryJob._set_properties

    def still_running(job: Any, answer: dict[str, Any]) -> None:
        if not looks and "status" in answer and answer["jobReference"]["jobId"].endswith(ending):
            looks.append(ending)
            answer = {**answer, "status": {"state": "RUNNING"}}
        set_properties(job, answer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bigquery.QueryJob, "_set_properties", still_running)
        yield
    assert looks


@pytest.mark.parametrize("how", [429, 503, "reset", "lost"])
def test_a_request_that_is_repeated_begins_one_job(task: Task, rows: Any, service: Proxy, how: Any) -> None:
    left = [how]
    service.rule = lambda request, number: left.pop() if left and request.startswith("POST ") else None
    task.again()
    assert service.spoiled == 1
    service.rule = lambda request, number: None
    assert rows() == ["once"]


def test_rows_that_were_made_again_are_merged_again(task: Task, rows: Any) -> None:
    task.again()
    for made in ("twice", "thrice"):
        task.made = made
        task.clear()
        task.again()
        task.again()
    assert rows() == ["once", "twice", "thrice"]


def test_a_task_that_was_cleared_runs_again_each_time(task: Task, rows: Any) -> None:
    for times in (1, 2, 3):
        task.again()
        assert rows() == ["once"] * times
        task.again()
        assert rows() == ["once"] * times, "a later try finds it done"
        task.clear()


def test_runs_and_tasks_have_jobs_of_their_own(task: Task, rows: Any) -> None:
    ids = set()
    for number in range(3):
        task.run_id, task.number = f"manual__{number}_{uuid.uuid4()}", 0
        ids.add(task.again())
    assert len(ids) == 3
    assert rows() == ["once"] * 3


def test_without_rows_each_try_runs_a_job_of_its_own(task: Task, rows: Any) -> None:
    task.made = ""
    assert len({task.again() for _ in range(3)}) == 3
    assert rows() == [""] * 3


def test_what_a_check_finds_ends_its_task(task: Task) -> None:
    task.operator = CheckOperator
    with pytest.raises(AirflowFailException, match="checks failed: merged: what it means"):
        task.again("SELECT ERROR('checks failed: merged: what it means, 1 found: 7 (x)')")
    with pytest.raises(GoogleAPICallError, match="another"):
        task.again("SELECT ERROR('another')")


def test_a_query_is_not_deferred_where_airflow_defers_what_it_can() -> None:
    program = """
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from tiny_operators.warehouse import views
from tiny_operators.operators.bigquery import CheckOperator
from tiny_operators.operators.bigquery import QueryOperator
for number, operator in enumerate((BigQueryInsertJobOperator, QueryOperator, CheckOperator)):
    print("deferrable", operator(task_id=f"a{number}", configuration={}).deferrable)
"""
    environment = {**os.environ, "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("deferrable ")]
    assert found == ["True", "False", "False"]


def test_each_query_says_what_it_may_be_billed_and_that_days_are_those_of_utc(
    store: Store, dags: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By its text: the client sends a query again, as a new request, that the service was too busy for.
    asked: dict[str, dict[str, Any]] = {}
    send = HTTPAdapter.send

    def watched(adapter: HTTPAdapter, request: Any, **options: Any) -> Any:
        if request.method == "POST" and urlsplit(request.url).path.endswith(("/jobs", "/queries")):
            body = json.loads(request.body)
            query = body["configuration"]["query"] if "configuration" in body else body
            asked[query["query"]] = query
        return send(adapter, request, **options)

    monkeypatch.setattr(HTTPAdapter, "send", watched)
    client = bigquery_client(store, "google_cloud_default")
    known = KnownOrders(client, store)
    known.of_date(date(2026, 3, 14))
    known.of_ids([1])
    known.arrivals([1])
    known.products()
    known.days(date(2026, 3, 13), date(2026, 3, 14))
    for view in views.views(store):
        views._create(client, store, view)
    of_tasks = [
        operator.configuration["query"]
        for dag in dags.values()
        for operator in dag.tasks
        if isinstance(operator, QueryOperator)
    ]
    assert (len(asked), len(of_tasks)) == (5 + len(views.views(store)), 11)
    old = OldRows(client, store)
    old.first_day("pdv", date(2026, 3, 14))
    old.blank("pdv", date(2026, 3, 13), date(2026, 3, 14))
    assert len(asked) == 7 + len(views.views(store))
    for query in [*asked.values(), *of_tasks]:
        assert query["maximumBytesBilled"] == str(store.maximum_bytes_billed)
        assert query["connectionProperties"] == [{"key": "time_zone", "value": "UTC"}]
