"""Files that are no order: each has its reason in the table once, whatever dies, and costs no load and no merge."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import archive, batch, fetch, plan, rejected_files, upload
from tiny_operators._compat import AirflowFailException, AirflowSkipException
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.orders.outcomes import Origin, Reject
from tiny_operators.stores import Store
from tiny_operators.warehouse.insert_rejects import insert_rejects

pytestmark = pytest.mark.stack

NOON = datetime(2026, 3, 14, 15, tzinfo=UTC)


def upload_bad(warehouse: Warehouse, many: int) -> list[str]:
    """Upload files that are no JSON; their names."""
    prefix = uuid.uuid4().hex
    found = [f"{prefix}-{number:02}.json" for number in range(many)]
    for name in found:
        upload(warehouse, name, b"hello")
    return found


def reported_of(warehouse: Warehouse, files: list[str]) -> list[str]:
    """Files of all rows that are about some files, sorted."""
    return sorted(row["file"] for row in warehouse.rows("rejeitados") if row["file"] in files)


@pytest.mark.parametrize("many", [1, 3])
def test_a_run_without_orders_is_over_after_its_plan(
    simulator: Simulator, run: Any, warehouse: Warehouse, many: int
) -> None:
    files = upload_bad(warehouse, many)
    assert plan(run) == {"orders": 0, "files": 0, "rejected": many, "ignored": 0}
    with pytest.raises(AirflowSkipException, match="no order"):
        fetch(run)
    assert archive(run) == {"done": 0, "rejected": many, "ignored": 0, "waiting": 0}
    assert [row["file"] for row in rejected_files(warehouse, run)] == files
    assert warehouse.waiting() == []
    assert not simulator.calls()


@pytest.mark.parametrize("many", [1, 3, 40])
def test_a_file_is_told_once_whatever_tries_again(
    run: Any, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    files = upload_bad(warehouse, many)
    with monkeypatch.context() as patch:
        # Each try, and this whole run, dies before a file is moved.
        patch.setattr(Objects, "move", _die)
        plan(run)
        for _ in range(2):
            with pytest.raises(AirflowFailException, match="could not be moved"):
                archive(run)
        assert reported_of(warehouse, files) == files
    Objects(warehouse.storage_client(), run.store.api_bucket).delete(
        names.waiting_files_object(run.store.prefix)
    )
    again = type(run)(run.store)
    plan(again)
    if many < 5:
        assert archive(again)["rejected"] == many
    else:
        with pytest.raises(AirflowFailException, match=f"{many} of {many} files cannot be used"):
            archive(again)
    assert reported_of(warehouse, files) == files
    assert warehouse.waiting() == []
    # The same again, as another upload, is another reject.
    for name in files:
        upload(warehouse, name, b"hello")
    last = type(run)(run.store)
    plan(last)
    with suppress(AirflowFailException):
        archive(last)
    assert reported_of(warehouse, files) == sorted([*files, *files])


def _die(*_: object, **__: object) -> NoReturn:
    raise ConnectionError("died")


def test_a_plan_that_is_made_again_tells_of_its_own_files(run: Any, warehouse: Warehouse) -> None:
    first = upload_bad(warehouse, 2)
    batch(run)
    Objects(warehouse.storage_client(), run.store.api_bucket).delete(names.plan_object(run.key))
    second = upload_bad(warehouse, 2)
    assert batch(run)["rejected"] == 2
    assert [row["file"] for row in rejected_files(warehouse, run)] == sorted([*first, *second])


def test_what_was_not_moved_and_what_cannot_be_used_are_said_at_once(
    run: Any, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = upload_bad(warehouse, 6)
    move = Objects.move

    def all_but_one(objects: Objects, name: str, *args: Any, **kwargs: Any) -> bool:
        if name == files[0]:
            raise ConnectionError("no")
        return move(objects, name, *args, **kwargs)

    monkeypatch.setattr(Objects, "move", all_but_one)
    with pytest.raises(AirflowFailException, match=r"1 file could not be moved.*6 of 6 files cannot be used"):
        batch(run)
    assert warehouse.waiting() == [files[0]]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_sale_beside_it_is_read_as_ever(
    simulator: Simulator, run: Any, warehouse: Warehouse, place: int
) -> None:
    files = [f"{number}.json" for number in range(3)]
    sales = simulator.sell(2)
    contents = [json.dumps(sale.webhook) for sale in sales]
    contents.insert(place, "hello")
    for name, content in zip(files, contents, strict=True):
        upload(warehouse, name, content)
    assert batch(run) == {"done": 2, "rejected": 1, "ignored": 0, "waiting": 0}
    assert [row["file"] for row in rejected_files(warehouse, run)] == [files[place]]


def rows_about(store: Store, many: int) -> list[dict[str, Any]]:
    unique = uuid.uuid4().hex
    origin = Origin(store.prefix, unique, "webhook", "2026-03-14")
    reject = Reject("plan", "(file)", "JSON", "text", 'ask for "it", again\n')
    return [origin.row(reject, NOON.isoformat(), file=f"{unique}-{n:04}", generation=n) for n in range(many)]


@pytest.mark.parametrize("many", [1, 2500])
def test_all_columns_arrive_and_no_row_twice(store: Store, warehouse: Warehouse, many: int) -> None:
    rows, client = rows_about(store, many), warehouse.bigquery_client()
    for job in ("one", "one", "another"):
        insert_rejects(client, store, rows, NOON, f"{rows[0]['run']}_{job}")
    found = [row for row in warehouse.rows("rejeitados") if row["run"] == rows[0]["run"]]
    found.sort(key=lambda row: str(row["file"]))
    assert [{**row, "rejected_at": row["rejected_at"].isoformat()} for row in found] == rows


class Begun:
    """A client that begins no job: it stops, and knows the id that the job would have."""

    job_id = ""

    def query(self, *_: object, job_id: str, **__: object) -> NoReturn:
        self.job_id = job_id
        raise ConnectionError("no job")


def first_job(store: Store, rows: list[dict[str, Any]]) -> str:
    begun: Any = Begun()
    with pytest.raises(ConnectionError):
        insert_rejects(begun, store, rows, NOON, rows[0]["run"])
    return str(begun.job_id)


def ids_of(warehouse: Warehouse, run: str) -> list[str]:
    return [row["id"] for row in warehouse.rows("rejeitados") if row["run"] == run]


@pytest.mark.parametrize("failed", [1, 3])
def test_after_jobs_that_failed_another_one_runs(store: Store, warehouse: Warehouse, failed: int) -> None:
    rows, client = rows_about(store, 1), warehouse.bigquery_client()
    start = first_job(store, rows).removesuffix("1")
    for number in range(1, failed + 1):
        query: Any = client.query("SELECT ERROR('no')", job_id=f"{start}{number}", location=store.location)
        assert query.exception() is not None
    insert_rejects(client, store, rows, NOON, rows[0]["run"])
    assert ids_of(warehouse, rows[0]["run"]) == [rows[0]["id"]]


def test_what_an_earlier_try_began_is_waited_for(store: Store, warehouse: Warehouse) -> None:
    rows, client = rows_about(store, 1), warehouse.bigquery_client()
    client.query("SELECT 1", job_id=first_job(store, rows), location=store.location).result()
    insert_rejects(client, store, rows, NOON, rows[0]["run"])
    assert ids_of(warehouse, rows[0]["run"]) == [], "no other job ran"
