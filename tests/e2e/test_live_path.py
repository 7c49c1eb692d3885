"""From the receiver's 200 to rows in BigQuery, through the real scheduler."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.demo.parts import post_webhook

pytestmark = pytest.mark.e2e


def differences(live: Any, orders: list[int]) -> list[str]:
    found: list[str] = live.warehouse.differences(live.simulator.truth(orders), orders)
    return found


def test_sales_stand_in_the_tables(live: Any) -> None:
    live.simulator.forget_calls()
    sales = live.simulator.sell(5)
    for sale in sales:
        post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    orders = [sale.pedido for sale in sales]
    live.until("five orders", lambda: live.loaded(orders))
    assert differences(live, orders) == []
    assert live.simulator.calls()["pdv.pedido.obter"] == 5
    live.until("the runs' notes", lambda: sum(noted_orders(live)) >= 5)


def noted_orders(live: Any) -> list[int]:
    """How many orders the notes of the webhook DAG's runs name."""
    runs = live.api.get("dags/z316_webhook/dagRuns?limit=100").get("dag_runs", [])
    notes = [re.match(r"▸ (\d+) orders?: \d+ rows?", run["note"] or "") for run in runs]
    return [int(note[1]) for note in notes if note]


def test_a_burst_becomes_a_few_batches(live: Any) -> None:
    """500 files of 100 orders, five of each."""
    live.until("idle", lambda: not live.warehouse.waiting())
    before = live.batches()
    live.simulator.forget_calls()
    sales = live.simulator.sell(100)
    for sale in [*sales] * 5:
        post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    orders = [sale.pedido for sale in sales]
    live.until("100 orders", lambda: live.loaded(orders))
    batches = live.batches() - before
    assert 1 <= batches <= 6
    assert live.simulator.calls()["pdv.pedido.obter"] <= 100 * batches
    assert differences(live, orders) == []


def test_a_bad_file_is_set_aside_and_the_next_sale_arrives(live: Any) -> None:
    bucket = live.warehouse.storage_client().bucket(live.warehouse.webhook_bucket)
    bucket.blob("by-hand/broken.json").upload_from_string("no JSON")
    sale = live.simulator.sell(1)[0]
    bucket.blob("by-hand/good").upload_from_string(json.dumps(sale.webhook))
    live.until("the sale", lambda: live.loaded([sale.pedido]))
    rejected = live.warehouse.objects("rejected/")
    assert any(name.endswith("broken.json") for name in rejected)
    assert any(name.endswith("broken.json.reason.json") for name in rejected)


def test_a_cancelled_order_is_read_again(live: Any) -> None:
    sale = live.simulator.sell(1)[0]
    post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    live.until("the sale", lambda: live.loaded([sale.pedido]))
    post_webhook(live.env["WEBHOOK_URL"], live.simulator.change(sale.pedido, "cancel"))

    def cancelled() -> bool:
        (row,) = [row for row in live.warehouse.rows("pesquisa") if row["id"] == str(sale.pedido)]
        return bool(row["situacao"] == "Cancelado")

    live.until("the cancellation", cancelled)
    live.until("an empty inbox", lambda: not live.warehouse.waiting())
    assert differences(live, [sale.pedido]) == []


# Airflow 2.11 says the first of each connection to Google, 3 the second at the start of a task: nothing can be done.
OF_OTHERS = ("Connection schemes", "GitWildMatchPattern")


def test_logs_of_good_runs_warn_of_nothing(live: Any) -> None:
    """Of one sale: the runs of other tests may have been killed."""
    live.until("idle", lambda: not live.warehouse.waiting())

    def written() -> set[Path]:
        return {*live.home.glob("airflow-*/logs/dag_id=z316_webhook/**/*.log*")}

    before = written()
    sale = live.simulator.sell(1)[0]
    post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    live.until("the sale", lambda: live.loaded([sale.pedido]))
    logs = written() - before
    lines = [line for log in logs for line in log.read_text().splitlines()]
    assert any("event=planned" in line for line in lines)
    warnings = [line for line in lines if re.search(r' (WARNING|ERROR) - |"level": ?"(warning|error)"', line)]
    assert [line for line in warnings if not any(known in line for known in OF_OTHERS)] == []
