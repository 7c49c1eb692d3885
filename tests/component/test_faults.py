"""What must not stop the inbox: a file that cannot be moved, a run that fails, a Tiny that is down."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import archive, fetch, plan, post, rows
from tiny_operators.batches.run_backoff import RunBackoff, pause_s
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.tiny.api import TinyUnavailableError

pytestmark = pytest.mark.stack


def fault(simulator: Simulator, **what: Any) -> None:
    requests.post(f"{simulator.url}/_sim/faults", json=what, timeout=30).raise_for_status()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("orders", [1, 5])
def test_a_tiny_that_is_down_fails_each_try_and_keeps_the_files(
    orders: int, emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    post(emulators, simulator, orders)
    fault(simulator, faults=["html_502"], times=None)
    plan(run)
    for _ in range(2):
        with pytest.raises(TinyUnavailableError):
            fetch(run)
    assert len(warehouse.waiting()) == orders


@pytest.mark.usefixtures("impatient")
def test_a_product_that_was_refused_once_is_asked_again_by_the_next_run(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    bucket = warehouse.storage_client().bucket(warehouse.api_bucket)
    for name in warehouse.objects("raw/produto/"):
        bucket.blob(name).delete()
    sale = next(sale for sale in simulator.sell(20) if simulator.truth([sale.pedido])["snapshots"])
    sold = {pair["id"] for pair in simulator.truth([sale.pedido])["snapshots"]}
    bucket = warehouse.storage_client().bucket(warehouse.webhook_bucket)
    bucket.blob("a.json").upload_from_string(json.dumps(sale.webhook))
    fault(simulator, faults=["code_31"], service="produto.obter", times=None)
    plan(run)
    fetch(run)
    counts = rows(run)
    assert (counts["pdv"], counts["produto"], counts["rejects"]) == (1, 0, len(sold))
    archive(run)
    requests.delete(f"{simulator.url}/_sim/faults", timeout=30).raise_for_status()
    again = type(run)(run.store)
    bucket.blob("a.json").upload_from_string(json.dumps(sale.webhook))
    plan(again)
    fetch(again)
    assert rows(again)["produto"] == len(sold)


@pytest.mark.parametrize("stopped_by", ["Google", "the file"])
def test_one_file_that_cannot_be_moved_does_not_keep_the_others(
    emulators: dict[str, str],
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stopped_by: str,
) -> None:
    from google.api_core.exceptions import Forbidden

    from tiny_operators._compat import AirflowFailException, AirflowSkipException

    post(emulators, simulator, 3)
    held = warehouse.waiting()[0]
    plan(run)
    fetch(run)
    rows(run)
    move = Objects.move

    def held_back(inbox: Objects, name: str, *rest: Any) -> bool:
        if name == held:
            if stopped_by == "the file":
                raise RecursionError
            raise Forbidden("under a retention policy")  # type: ignore[no-untyped-call]
        return move(inbox, name, *rest)

    monkeypatch.setattr(Objects, "move", held_back)
    hold = RunBackoff(Objects(warehouse.storage_client(), warehouse.api_bucket), "adhoc_airflow")
    for _ in range(2):
        with pytest.raises(AirflowFailException, match=f"1 file could not be moved .* '{re.escape(held)}'"):
            archive(run)
        assert warehouse.waiting() == [held]
        assert hold.seconds_left() <= 15, "the next run does not wait as after one that failed"
    with pytest.raises(AirflowSkipException, match="is due"):
        plan(type(run)(run.store))
    monkeypatch.undo()
    archive(run)
    assert not warehouse.waiting()


def test_runs_that_fail_pause_longer_each_time_and_a_good_one_ends_it(run: Any, warehouse: Warehouse) -> None:
    hold = RunBackoff(Objects(warehouse.storage_client(), warehouse.api_bucket), f"dag-{run.run_id}")
    assert hold.seconds_left() <= 0
    for _ in range(3):
        hold.run_planned("the first")
        assert 25 < hold.seconds_left() <= 30
    hold.run_planned("the second")
    assert 55 < hold.seconds_left() <= 60
    hold.run_done(orders_wait=True)
    assert 10 < hold.seconds_left() <= 15
    hold.run_done(orders_wait=False)
    assert hold.seconds_left() <= 0
    assert [pause_s(runs) for runs in (1, 2, 3, 10, 1000)] == [30, 60, 120, 900, 900]


def test_the_sensor_pauses_after_a_run_that_failed(store: Any, run: Any, warehouse: Warehouse) -> None:
    from airflow.providers.common.compat.sdk import TaskDeferred

    from tiny_operators.sensors.webhooks import WebhookFilesSensor

    sensor = WebhookFilesSensor(task_id="wait", store=store)
    hold = RunBackoff(Objects(warehouse.storage_client(), warehouse.api_bucket), sensor.dag_id)
    hold.run_planned("one")
    try:
        with pytest.raises(TaskDeferred) as paused:
            run.do(sensor)
    finally:
        hold.run_done(orders_wait=False)
    assert paused.value.method_name == "look"
    with pytest.raises(TaskDeferred) as waiting:
        sensor.look(run.context(), datetime.now(UTC) + timedelta(seconds=30))
    assert waiting.value.trigger.serialize()[0].endswith("GCSPrefixBlobTrigger")


def test_a_stray_object_among_the_products_disturbs_nobody(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    day = names.day_of(datetime.now(UTC), run.store.timezone)
    stray = warehouse.storage_client().bucket(warehouse.api_bucket).blob(f"raw/produto/dt={day}/.keep")
    stray.upload_from_string("")
    post(emulators, simulator, 1)
    plan(run)
    assert fetch(run)["orders"] == 1


def test_what_was_written_before_a_failure_makes_no_object(warehouse: Warehouse, run: Any) -> None:
    objects = Objects(warehouse.storage_client(), warehouse.api_bucket)
    name = f"rows/pdv/{run.key}.ndjson"

    def write_half() -> None:
        with objects.writing(name) as stream:
            stream.write("{}\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert objects.read(name) is None


def test_a_plan_of_a_slow_twin_does_not_replace_the_one_that_is_worked_on(
    emulators: dict[str, str], simulator: Simulator, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same task twice at once: the second to write goes on with the first one's plan."""
    post(emulators, simulator, 1)
    first = plan(run)
    post(emulators, simulator, 1)
    read, unseen = Objects.read_json, [names.plan_object(run.key)]

    def read_too_early(objects: Objects, name: str) -> Any:
        if name in unseen:
            unseen.remove(name)
            return None
        return read(objects, name)

    monkeypatch.setattr(Objects, "read_json", read_too_early)
    assert plan(run) == first
