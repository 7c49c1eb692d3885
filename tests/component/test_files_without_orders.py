"""Files that are no order: each has its reason in the table once, whatever dies, and costs no load and no merge."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import archive, batch, fetch, plan, rejected_files, upload
from tiny_operators._compat import AirflowFailException, AirflowSkipException
from tiny_operators.orders.outcomes import Origin, Reject
from tiny_operators.stores import Store
from tiny_operators.warehouse.rejects import insert_rejects, statement

pytestmark = pytest.mark.stack

NOON = datetime(2026, 3, 14, 15, tzinfo=UTC)


def upload_bad(warehouse: Warehouse, many: int) -> list[str]:
    """Upload files that are no JSON; their names."""
    prefix = uuid.uuid4().hex
    found = [f"{prefix}-{number:02}.json" for number in range(many)]
    for name in found:
        upload(warehouse, name, b"hello")
    return found


def told_of(warehouse: Warehouse, files: list[str]) -> list[str]:
    """Files of all rows that are about some files, sorted."""
    return sorted(row["file"] for row in warehouse.rows("rejeitados") if row["file"] in files)


@pytest.mark.parametrize("many", [1, 3])
def test_a_run_without_orders_is_over_after_its_plan(
    simulator: Simulator, run: Any, warehouse: Warehouse, many: int
) -> None:
    files = upload_bad(warehouse, many)
    assert plan(run) == {"orders": 0, "files": 0, "rejected": many, "ignored": 0}
    assert [row["file"] for row in rejected_files(warehouse, run)] == files
    with pytest.raises(AirflowSkipException, match="no order"):
        fetch(run)
    assert archive(run) == {"done": 0, "rejected": many, "ignored": 0, "waiting": 0}
    assert warehouse.waiting() == []
    assert not simulator.calls()


@pytest.mark.parametrize("many", [1, 3, 40])
def test_a_file_is_told_once_whatever_tries_again(run: Any, warehouse: Warehouse, many: int) -> None:
    files = upload_bad(warehouse, many)
    plan(run)
    plan(run)
    assert told_of(warehouse, files) == files
    # That run dies, and another one begins.
    again = type(run)(run.store)
    plan(again)
    assert told_of(warehouse, files) == files
    if many < 5:
        assert archive(again)["rejected"] == many
    else:
        with pytest.raises(AirflowFailException, match=f"{many} of {many} files cannot be used"):
            archive(again)
    assert warehouse.waiting() == []
    # The same again, as another upload, is another reject.
    for name in files:
        upload(warehouse, name, b"hello")
    plan(type(run)(run.store))
    assert told_of(warehouse, files) == sorted([*files, *files])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_sale_beside_it_is_read_as_ever(
    simulator: Simulator, run: Any, warehouse: Warehouse, place: int
) -> None:
    names = [f"{number}.json" for number in range(3)]
    sales = simulator.sell(2)
    contents = [json.dumps(sale.webhook) for sale in sales]
    contents.insert(place, "hello")
    for name, content in zip(names, contents, strict=True):
        upload(warehouse, name, content)
    assert batch(run) == {"done": 2, "rejected": 1, "ignored": 0, "waiting": 0}
    assert [row["file"] for row in rejected_files(warehouse, run)] == [names[place]]


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


@pytest.mark.parametrize("failed", [1, 3])
def test_after_jobs_that_failed_another_one_runs(store: Store, warehouse: Warehouse, failed: int) -> None:
    rows, client = rows_about(store, 1), warehouse.bigquery_client()
    job = rows[0]["run"]
    for number in range(1, failed + 1):
        query: Any = client.query("SELECT ERROR('no')", job_id=f"{job}_0_{number}", location=store.location)
        assert query.exception() is not None
    insert_rejects(client, store, rows, NOON, job)
    assert [row["id"] for row in warehouse.rows("rejeitados") if row["run"] == job] == [rows[0]["id"]]


def test_what_an_earlier_try_began_is_waited_for(store: Store, warehouse: Warehouse) -> None:
    rows, client = rows_about(store, 1), warehouse.bigquery_client()
    client.query("SELECT 1", job_id=f"{rows[0]['run']}_0_1", location=store.location).result()
    insert_rejects(client, store, rows, NOON, rows[0]["run"])
    assert not [row for row in warehouse.rows("rejeitados") if row["run"] == rows[0]["run"]], statement(store)
