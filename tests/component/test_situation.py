"""The watch DAG looks what is in, and leaves it for the web server and in the bucket."""

from __future__ import annotations

import html as markup
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.demo.parts import Warehouse
from tiny_operators.lake import names
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.situation.facts import SITUATION, Day, Situation, State

pytestmark = pytest.mark.stack


class Kept(dict[str, Any]):
    """The XComs of a task."""

    def xcom_push(self, key: str, value: Any) -> None:
        # As Airflow keeps it.
        self[key] = json.loads(json.dumps(value))


class Tables:
    """The tables of a store, in which a test writes rows of its own."""

    def __init__(self, store: Any) -> None:
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        self.client = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
        self.dataset = f"{self.client.project}.{store.dataset}"

    def empty(self) -> None:
        for table in LAYOUTS:
            self.client.query_and_wait(f"DELETE FROM `{self.dataset}.{table}` WHERE TRUE")

    def add(self, table: str, *rows: dict[str, Any]) -> None:
        from google.cloud.bigquery import LoadJobConfig, SchemaField

        schema = [SchemaField.from_api_repr(field) for field in schema_fields(table)]
        own = [json.loads(json.dumps({"store": "z316", **row}, default=str)) for row in rows]
        config = LoadJobConfig(schema=schema)
        self.client.load_table_from_json(own, f"{self.dataset}.{table}", job_config=config).result()


@pytest.fixture
def tables(store: Any) -> Tables:
    """The tables, empty: what other tests left would be in the page as well."""
    found = Tables(store)
    found.empty()
    return found


def look(dags: Any, warehouse: Warehouse) -> tuple[Situation, str, dict[str, int]]:
    kept = Kept()
    counts = dags["z316_watch"].get_task("situation").execute({"ti": kept})
    blob = warehouse.storage_client().bucket(warehouse.api_bucket).blob(names.situation_object("z316"))
    page = blob.download_as_text()
    assert blob.content_type == "text/html; charset=utf-8"
    return Situation.from_json(kept[SITUATION]), page, counts


def test_nothing_is_in(dags: Any, store: Any, tables: Tables, warehouse: Warehouse) -> None:
    found, page, counts = look(dags, warehouse)
    assert (found.since, counts["days"], counts["waiting"]) == (None, 0, 0)
    assert "Nada foi carregado ainda." in page


def test_each_day_is_told_as_the_tables_have_it(
    dags: Any, store: Any, tables: Tables, warehouse: Warehouse
) -> None:
    zone = ZoneInfo(store.timezone)
    now = datetime.now(UTC).replace(microsecond=0)
    today = now.astimezone(zone).date()

    def ago(days: int) -> date:
        return today - timedelta(days=days)

    midnight = datetime.combine(ago(5), datetime.min.time(), zone)
    arrived, loaded = now - timedelta(hours=30), now - timedelta(hours=29)

    def line(pedido: int, day: date, **values: Any) -> dict[str, Any]:
        own = {"id": str(pedido), "data_pedido": day, "timestamp": midnight, "fetched_at": loaded}
        return own | {"update_timestamp": loaded} | values

    def compared(run: str, day: date, at: datetime, in_tiny: int, *left: int) -> dict[str, Any]:
        return {
            "date": day,
            "run": run,
            "compared_at": at,
            "orders_in_tiny": in_tiny,
            "unrepaired": list(left),
        }

    def aside(name: str, at: datetime, **values: Any) -> dict[str, Any]:
        return {"id": name, "rejected_at": at} | values

    tables.add(
        "pesquisa",
        line(1, ago(5)),
        line(2, ago(5)),
        line(3, ago(5), deleted_at=loaded),
        line(4, ago(2), timestamp=arrived, update_timestamp=loaded + timedelta(minutes=1)),
        line(5, ago(60)),
        # Another store's, and a day before those that are looked at.
        line(6, ago(3), store="other"),
        line(7, ago(401)),
    )
    tables.add("pdv", {"id": 4, "data": ago(2), "fetched_at": loaded})
    older = now - timedelta(days=9)
    tables.add(
        "reconciliation",
        compared("a", ago(5), older, 5, 8, 9),
        compared("b", ago(5), now - timedelta(days=1), 2),
        compared("b", ago(4), older, 0),
        compared("b", ago(2), older, 1, 4),
    )
    noon = datetime.combine(ago(1), datetime.min.time(), zone) + timedelta(hours=12)
    tables.add(
        "rejeitados",
        # One order twice, a file, and one that says no kind, as old rows do.
        aside("a", noon, pedido=21, kind="reject"),
        aside("b", noon, pedido=21, kind="reject"),
        aside("c", noon, file="upload.json", kind="reject"),
        aside("d", noon, pedido=22),
        # Loaded since; only a product of a loaded order; only values.
        aside("e", loaded - timedelta(minutes=1), pedido=4, kind="reject"),
        aside("f", noon, pedido=23, produto=7, kind="reject"),
        aside("g", noon, pedido=23, kind="note"),
        aside("h", noon, pedido=24, kind="note"),
    )
    inbox = warehouse.storage_client().bucket(warehouse.webhook_bucket)
    inbox.blob("vendas/1.json").upload_from_string("{}")
    found, page, counts = look(dags, warehouse)
    assert found.since == ago(60)
    assert found.days[-1].day == today
    days = {day.day: day for day in found.days}
    assert days[ago(5)] == Day(ago(5), 2, 2, 0, now - timedelta(days=1))
    assert days[ago(4)] == Day(ago(4), 0, 0, 0, older)
    assert days[ago(3)] == Day(ago(3))
    assert days[ago(2)] == Day(ago(2), 1, 1, 1, older)
    assert days[ago(1)] == Day(ago(1), rejects=3, notes=2)
    states = dict(found.states())
    assert [states[ago(number)] for number in (60, 5, 4, 3, 2, 0)] == [
        State.LOADED,
        State.COMPLETE,
        State.COMPLETE,
        State.MISSING,
        State.DIFFERS,
        State.PENDING,
    ]
    assert (found.waiting, counts["waiting"], counts["loaded"], counts["differs"]) == (1, 1, 1, 1)
    assert found.last_webhook == found.oldest_waiting, "the file in the inbox"
    assert found.last_load == loaded + timedelta(minutes=1)
    inbox.blob("vendas/1.json").delete()
    later, _, _ = look(dags, warehouse)
    assert (later.waiting, later.last_webhook) == (0, arrived)
    command = f'z316_reconcile --conf \'{{"from_date": "{ago(2)}", "to_date": "{ago(2)}"}}\''
    assert command in markup.unescape(page)


@pytest.mark.parametrize("days", [1, 3, 20])
def test_missing_days_are_in_the_page(
    dags: Any, store: Any, tables: Tables, warehouse: Warehouse, days: int
) -> None:
    today = datetime.now(UTC).astimezone(ZoneInfo(store.timezone)).date()
    at = datetime.now(UTC)
    known = [today - timedelta(days=number) for number in (2, 3 + days)]
    tables.add(
        "pesquisa",
        *(
            {"id": str(number), "data_pedido": day, "timestamp": at, "fetched_at": at}
            for number, day in enumerate(known)
        ),
    )
    found, page, counts = look(dags, warehouse)
    missing = [stretch.length for stretch in found.stretches(State.MISSING)]
    # Before six in the morning yesterday is not yet missing.
    assert missing in ([days], [1, days])
    assert counts["missing"] == sum(missing)
    first, last = known[1] + timedelta(days=1), known[0] - timedelta(days=1)
    command = f'z316_daily --conf \'{{"from_date": "{first}", "to_date": "{last}"}}\''
    assert command in markup.unescape(page)
