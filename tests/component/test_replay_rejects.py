"""What was rejected once and loaded since is not reported anew when its dates are replayed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse, post_webhook
from tests.component.replaying import upload
from tests.component.test_replay import replay, run_dag
from tests.dates import ZONE
from tiny_operators.lake import names

pytestmark = pytest.mark.stack


def left_aside(dags: Any, warehouse: Warehouse) -> set[int]:
    """Orders that the hourly watch takes for set aside."""
    sql = dags["z316_watch"].get_template_env().get_template("watch_rejects.sql").render()
    head, _ = sql.rsplit("SELECT\n  IF(", 1)
    found = warehouse.bigquery_client().query_and_wait(head + "SELECT pedido FROM left_aside")
    return {row["pedido"] for row in found}


def rejects(warehouse: Warehouse, pedidos: set[int]) -> dict[str, dict[str, Any]]:
    """Rows of rejects about these orders, by id."""
    found = [row for row in warehouse.rows("rejeitados") if row["pedido"] in pedidos]
    by_id = {row["id"]: row for row in found}
    assert len(by_id) == len(found)
    return by_id


@pytest.mark.parametrize("number", [1, 3, 6])
def test_a_replay_dates_no_reject_anew(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse, number: int
) -> None:
    sales = simulator.sell(number + 1)
    *mended, never = (sale.pedido for sale in sales)
    for sale in sales:
        simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(sale.pedido), times=1)
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    run_dag(dags, "webhook")
    simulator.no_faults()
    for sale in sales:
        if sale.pedido != never:
            post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    run_dag(dags, "webhook")
    mine = {*mended, never}
    assert mine & left_aside(dags, warehouse) == {never}
    first, today = rejects(warehouse, mine), datetime.now(ZONE).date()
    began = datetime.now(UTC)
    replay(dags, today)
    assert mine & left_aside(dags, warehouse) == {never}, "an order that was never loaded is still told of"
    after = rejects(warehouse, mine)
    assert first.items() <= after.items(), "what was told stays as it was told"
    assert all(row["rejected_at"] < began for row in after.values()), "the time is that of the reading"
    replay(dags, today)
    assert rejects(warehouse, mine) == after, "another replay says the same under the same ids"


def test_a_damaged_raw_line_is_told_once_however_often_it_is_replayed(
    dags: Any, warehouse: Warehouse, day: Any
) -> None:
    for number in range(3):
        upload(warehouse, names.raw_orders_object(f"damaged-{day}", day.isoformat(), number), "{cut\n")
    replay(dags, day)
    first = [row for row in warehouse.rows("rejeitados") if f"damaged-{day}" in (row["action"] or "")]
    assert len(first) == 3
    replay(dags, day)
    assert first == [row for row in warehouse.rows("rejeitados") if f"damaged-{day}" in (row["action"] or "")]
