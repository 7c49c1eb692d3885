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


class Days:
    """Days of the store as seen from now, and the rows that a test writes about them."""

    def __init__(self, timezone: str) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._zone = ZoneInfo(timezone)
        self.arrived, self.loaded = self.now - timedelta(hours=30), self.now - timedelta(hours=29)
        self.compared_last, self.compared_before = (
            self.now - timedelta(hours=1),
            self.now - timedelta(hours=2),
        )

    def ago(self, days: int) -> date:
        return self.now.astimezone(self._zone).date() - timedelta(days=days)

    def line(self, pedido: int, day: date, **values: Any) -> dict[str, Any]:
        midnight = datetime.combine(self.ago(5), datetime.min.time(), self._zone)
        own = {"id": str(pedido), "data_pedido": day, "timestamp": midnight, "fetched_at": self.loaded}
        return own | {"update_timestamp": self.loaded} | values

    def aside(self, name: str, **values: Any) -> dict[str, Any]:
        return {"id": name, "rejected_at": self.noon(1)} | values

    def noon(self, days: int) -> datetime:
        return datetime.combine(self.ago(days), datetime.min.time(), self._zone) + timedelta(hours=12)


def compared(run: str, day: date, at: datetime, in_tiny: int, *left: int) -> dict[str, Any]:
    return {"date": day, "run": run, "compared_at": at, "orders_in_tiny": in_tiny, "unrepaired": list(left)}


def fill(tables: Tables, days: Days) -> None:
    """Write days in every state."""
    ago, line, aside = days.ago, days.line, days.aside
    tables.add(
        "pesquisa",
        line(1, ago(5)),
        line(2, ago(5)),
        line(3, ago(5), deleted_at=days.loaded),
        line(4, ago(2), timestamp=days.arrived, update_timestamp=days.loaded + timedelta(minutes=1)),
        line(5, ago(60)),
        # Another store's, and a day before those that are looked at.
        line(6, ago(3), store="other"),
        line(7, ago(401)),
    )
    tables.add("pdv", {"id": 4, "data": ago(2), "fetched_at": days.loaded})
    tables.add(
        "reconciliation",
        compared("a", ago(5), days.compared_before, 5, 8, 9),
        compared("b", ago(5), days.compared_last, 2),
        compared("b", ago(4), days.compared_before, 0),
        # Before the day was over, its evening was not in it.
        compared("b", ago(3), days.noon(3), 0),
        compared("b", ago(2), days.compared_before, 1, 4),
    )
    tables.add(
        "rejeitados",
        # One order twice, a file, and one that says no kind, as old rows do.
        aside("a", rejected_at=days.noon(1) - timedelta(hours=1), pedido=21, kind="reject", field="pdv.id"),
        aside("b", pedido=21, kind="reject", field="pdv.frete", expected="a number", found="text"),
        aside(
            "c",
            file="by/hand/upload.json",
            kind="reject",
            field="(file)",
            expected="Tiny's events",
            found="bytes",
        ),
        aside("d", pedido=22),
        # Nobody knows what became of a file; of an order it is known.
        aside("i", rejected_at=days.noon(6), file="six-days-ago.json", kind="reject"),
        aside("j", rejected_at=days.noon(7), file="a-week-ago.json", kind="reject"),
        aside("k", rejected_at=days.noon(7), pedido=25, kind="reject"),
        # Loaded since; only a product of a loaded order; only values.
        aside("e", rejected_at=days.loaded - timedelta(minutes=1), pedido=4, kind="reject"),
        aside("f", pedido=23, produto=7, kind="reject"),
        aside("g", pedido=23, kind="note"),
        aside("h", pedido=24, kind="note"),
    )


def test_each_day_is_told_as_the_tables_have_it(
    dags: Any, store: Any, tables: Tables, warehouse: Warehouse
) -> None:
    days = Days(store.timezone)
    fill(tables, days)
    inbox = warehouse.storage_client().bucket(warehouse.webhook_bucket)
    inbox.blob("vendas/1.json").upload_from_string("{}")
    found, page, counts = look(dags, warehouse)
    ago = days.ago
    assert found.since == ago(60)
    assert found.days[-1].day == ago(0)
    seen = {day.day: day for day in found.days}
    assert seen[ago(5)] == Day(ago(5), 2, 2, 0, days.compared_last)
    assert seen[ago(4)] == Day(ago(4), 0, 0, 0, days.compared_before)
    assert seen[ago(3)] == Day(ago(3))
    assert seen[ago(2)] == Day(ago(2), 1, 1, 1, days.compared_before)
    assert seen[ago(1)] == Day(ago(1), rejects=3, notes=2, files=1)
    assert [(seen[ago(number)].rejects, seen[ago(number)].files) for number in (6, 7)] == [(1, 1), (1, 0)]
    folder = f"rejected%2Fdt%3D{ago(1)}%2F"
    assert all(folder in each.folder for each in found.rejected if each.day == ago(1))
    assert {each.what: (each.day, each.field, each.expected, each.found) for each in found.rejected} == {
        "21": (ago(1), "pdv.frete", "a number", "text"),
        "22": (ago(1), None, None, None),
        "25": (ago(7), None, None, None),
        "upload.json": (ago(1), "(file)", "Tiny's events", "bytes"),
        "six-days-ago.json": (ago(6), None, None, None),
    }
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
    in_states = [counts[state.name.lower()] for state in State]
    assert counts["days"] == sum(in_states) == 61, "each day is in one of the states"
    assert counts["pending"] in (1, 2), "today, and yesterday before the hour by which it must be complete"
    assert counts["rejects"] == 5, "three of yesterday, a file and an order of the days before"
    assert found.last_webhook == found.oldest_waiting, "the file in the inbox"
    assert found.last_load == days.loaded + timedelta(minutes=1)
    # One entry, since a comparison helps all of them. Yesterday has no orders; before the hour by which it must be complete it is not counted yet.
    last = ago(1) if states[ago(1)] is State.MISSING else ago(2)
    command = f'z316_reconcile --conf \'{{"from_date": "{ago(60)}", "to_date": "{last}"}}\''
    assert command in markup.unescape(page)
    inbox.blob("vendas/1.json").delete()
    later, _, _ = look(dags, warehouse)
    assert (later.waiting, later.last_webhook) == (0, days.arrived)


@pytest.mark.parametrize("counts", [(1, 0), (20, 1), (23, 25)], ids=str)
def test_the_newest_rejects_of_a_day_are_told_and_all_are_counted(
    dags: Any, store: Any, tables: Tables, warehouse: Warehouse, counts: tuple[int, int]
) -> None:
    orders, files = counts
    days = Days(store.timezone)

    def at(number: int) -> dict[str, Any]:
        return {
            "rejected_at": days.noon(1) + timedelta(seconds=number),
            "kind": "reject",
            "field": "pdv.frete",
        }

    tables.add("pesquisa", days.line(1, days.ago(2)))
    tables.add(
        "rejeitados",
        *(days.aside(f"o{number}", pedido=100 + number, **at(number)) for number in range(orders)),
        # Each was rejected before, too.
        *(days.aside(f"p{number}", pedido=100 + number, **at(number - 500)) for number in range(orders)),
        *(days.aside(f"f{number}", file=f"{number}.json", **at(number)) for number in range(files)),
    )
    found, page, _ = look(dags, warehouse)
    day = next(day for day in found.days if day.day == days.ago(1))
    assert (day.rejects, day.files) == (orders + files, files)
    reported = [each.what for each in found.rejected]
    of_orders, of_files = min(orders, 20), min(files, 20)
    assert reported[:of_orders] == [str(100 + orders - 1 - number) for number in range(of_orders)]
    assert reported[of_orders:] == [f"{files - 1 - number}.json" for number in range(of_files)]
    assert page.count("<code>pdv.frete</code>") == of_orders + of_files


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
    missing = [day for day, state in found.states() if state is State.MISSING]
    assert [day for day in missing if day < known[0]] == [
        known[1] + timedelta(days=1 + number) for number in range(days)
    ]
    # Before six in the morning yesterday is not yet missing.
    assert counts["missing"] == len(missing) in (days, days + 1)
    last = max([known[0], *missing])
    dag_id = "z316_daily" if days > 3 else "z316_reconcile"
    command = f'{dag_id} --conf \'{{"from_date": "{known[1]}", "to_date": "{last}"}}\''
    assert command in markup.unescape(page)
