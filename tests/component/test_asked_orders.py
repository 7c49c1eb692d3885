"""Orders that a person asks for: into the inbox, through the webhook path, and what the report says of each."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.whole_runs import WholeRun
from tiny_operators._compat import AirflowFailException
from tiny_operators.batches.waiting import WaitingFiles
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.ask_orders import AskedOrdersOperator, AskForOrdersOperator
from tiny_operators.orders.plan import Tried

pytestmark = pytest.mark.stack


def ask(run: Any, **params: Any) -> list[dict[str, Any]]:
    files, _ = ask_and_tell(run, **params)
    return files


def ask_and_tell(run: Any, **params: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The events that the task wrote, and its other XComs."""
    context, left = run.context(), {}
    context["params"] = {"orders": [], "numbers": [], **params}
    context["dag_run"].conf = params
    context["ti"] = SimpleNamespace(xcom_push=lambda key, value: left.update({key: value}))
    found: list[dict[str, Any]] = AskForOrdersOperator(task_id="ask", store=run.store).execute(context)
    return found, left


def report(run: Any, files: list[dict[str, Any]]) -> tuple[dict[str, str], str]:
    """What the report says of each order, and its error; as when there is no time left to wait."""
    said, error = look(run, files)
    return said["orders"], error


def look(
    run: Any, files: list[dict[str, Any]], left: dict[str, Any] | None = None
) -> tuple[dict[str, Any], str]:
    """What the report leaves as XComs, and its error."""
    xcoms = {"return_value": files, **(left or {})}
    context, said = run.context(), {}
    context["ti"] = SimpleNamespace(
        xcom_pull=lambda task_ids, key="return_value": xcoms.get(key),
        xcom_push=lambda key, value: said.update({key: value}),
    )
    task = AskedOrdersOperator(task_id="report", store=run.store, of_task="ask")
    error = ""
    try:
        task.look(context, until=datetime.now(UTC).isoformat())
    except AirflowFailException as failed:
        error = str(failed)
    return said, error


def load(dags: Any) -> None:
    """Run the webhook DAG on what lies in the inbox."""
    WholeRun(dags["z316_webhook"]).finish()


def number_of(simulator: Simulator, pedido: int) -> str:
    """The order's number, as people see it."""
    (line,) = simulator.truth([pedido])["pesquisa"]
    return str(line["numero"])


@pytest.mark.parametrize("count", [1, 3])
def test_orders_that_no_webhook_told_of_are_loaded_and_reported(
    run: Any, dags: Any, simulator: Simulator, warehouse: Warehouse, count: int
) -> None:
    sold = [sale.pedido for sale in simulator.sell(count)]
    files = ask(run, orders=[str(pedido) for pedido in sold])
    assert sorted(warehouse.waiting()) == sorted(names.asked_event(run.key, pedido) for pedido in sold)
    reported, error = report(run, files)
    assert set(reported.values()) == {"waits in the inbox: it was not read yet"}
    assert "z316_webhook" in error
    load(dags)
    reported, error = report(run, files)
    assert (error, set(reported)) == ("", {str(pedido) for pedido in sold})
    assert all(text.startswith("loaded, of 20") for text in reported.values())
    assert set(sold) <= {row["id"] for row in warehouse.rows("pdv")}


def test_a_number_finds_its_order_and_not_one_that_only_contains_it(
    run: Any, simulator: Simulator, warehouse: Warehouse
) -> None:
    sales = simulator.sell(3)
    numbers = {sale.pedido: number_of(simulator, sale.pedido) for sale in sales}
    wanted = sales[1].pedido
    files = ask(run, numbers=[numbers[wanted]])
    assert [file["pedido"] for file in files] == [wanted]


@pytest.mark.parametrize("count", [1, 3])
def test_the_note_names_each_order_as_it_was_asked_for(
    run: Any, dags: Any, simulator: Simulator, warehouse: Warehouse, count: int
) -> None:
    by_id, by_number = [[sale.pedido for sale in simulator.sell(count)] for _ in range(2)]
    numbers = [number_of(simulator, pedido) for pedido in by_number]
    files = ask(run, orders=by_id, numbers=numbers)
    load(dags)
    said, error = look(run, files)
    assert error == ""
    reported = said["note"].split("; ")
    assert [text.partition(" loaded, of ")[0] for text in reported] == [
        *map(str, by_id),
        *(f"number {number}" for number in numbers),
    ]


@pytest.mark.parametrize("more", [1, 3])
def test_a_note_of_many_orders_names_the_first_ones(
    run: Any, simulator: Simulator, warehouse: Warehouse, more: int
) -> None:
    files = ask(run, orders=list(range(910_000_001, 910_000_011 + more)))
    said, error = look(run, files)
    assert said["note"].count("waits in the inbox") == 10
    assert said["note"].endswith(f"; and {more} more")
    assert f"; and {more} more" in error


def test_an_order_that_came_by_its_number_is_named_by_it_when_it_fails(
    run: Any, dags: Any, simulator: Simulator, warehouse: Warehouse
) -> None:
    good, bad = (sale.pedido for sale in simulator.sell(2))
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(bad), times=None)
    number = number_of(simulator, bad)
    files = ask(run, orders=[good], numbers=[number])
    load(dags)
    _, error = look(run, files)
    assert error.startswith(f"1 of 2 orders was not loaded: number {number} rejected: ")
    assert f"; {good} loaded, of 20" in error


@pytest.mark.parametrize("at", [(0, 1), (1, 1), (2, 1), (1, 3)])
def test_numbers_that_tiny_does_not_list_are_named_and_keep_no_other_order_out(
    run: Any, dags: Any, simulator: Simulator, warehouse: Warehouse, at: tuple[int, int]
) -> None:
    place, unlisted = at
    sold = [sale.pedido for sale in simulator.sell(2)]
    unknown = [str(999_999_999 - number) for number in range(unlisted)]
    numbers = [number_of(simulator, pedido) for pedido in sold]
    numbers[place:place] = unknown
    files, left = ask_and_tell(run, numbers=numbers)
    assert [file["pedido"] for file in files] == sold
    load(dags)
    said, error = look(run, files, left)
    assert error.startswith(f"{unlisted} of {unlisted + 2} orders w")
    for number in unknown:
        line = f"number {number} is not in Tiny's search, on its first 3 pages: correct the number"
        assert line in error
        assert line in said["note"]
        assert said["orders"][f"number {number}"].startswith("is not in Tiny's search")
    assert all(said["orders"][str(pedido)].startswith("loaded, of 20") for pedido in sold)


@pytest.mark.parametrize("count", [1, 3])
def test_when_tiny_lists_none_of_the_numbers_the_first_task_says_so(
    run: Any, simulator: Simulator, warehouse: Warehouse, count: int
) -> None:
    unknown = [str(999_999_999 - number) for number in range(count)]
    with pytest.raises(
        AirflowFailException, match=r"^Nothing was fetched: number 999999999 is not"
    ) as failed:
        ask(run, numbers=unknown)
    assert all(f"number {number} " in str(failed.value) for number in unknown)
    assert warehouse.waiting() == []


def test_each_fate_is_told(run: Any, dags: Any, simulator: Simulator, warehouse: Warehouse) -> None:
    good, bad = (sale.pedido for sale in simulator.sell(2))
    unknown = 987_654_321
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(bad), times=None)
    files = ask(run, orders=[good, bad, unknown])
    load(dags)
    reported, error = report(run, files)
    assert reported[str(good)].startswith("loaded")
    assert reported[str(bad)].startswith("rejected: ")
    assert reported[str(unknown)].startswith("Tiny does not know this id")
    assert error.startswith("2 of 3 orders were not loaded: ")
    assert all(str(pedido) in error for pedido in (bad, unknown))


def test_an_order_that_waits_is_told_with_the_reason(
    run: Any, simulator: Simulator, warehouse: Warehouse
) -> None:
    (sale,) = simulator.sell(1)
    files = ask(run, orders=[sale.pedido])
    storage = warehouse.storage_client()
    generation = storage.bucket(warehouse.webhook_bucket).get_blob(files[0]["name"]).generation
    tried = Tried(2, "2026-03-14T15:00:00+00:00", {"no_answer": "2026-03-14T14:00:00+00:00"})
    state = WaitingFiles({int(generation): tried}).to_json()
    Objects(storage, warehouse.api_bucket).write_json(names.waiting_files_object("z316"), state)
    reported, error = report(run, files)
    assert reported == {str(sale.pedido): "waits in the inbox: no_answer since 2026-03-14T14:00 UTC"}
    assert "1 of 1 order was not loaded" in error


@pytest.mark.parametrize("params", [{}, {"orders": ["x"]}, {"order": "1"}])
def test_what_cannot_be_is_refused(run: Any, warehouse: Warehouse, params: dict[str, Any]) -> None:
    with pytest.raises(AirflowFailException):
        ask(run, **params)
    assert warehouse.waiting() == []
