"""The merge statement, as the DAG's own task renders it, run by the provider's hook on BigQuery's emulator."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tiny_operators import names
from tiny_operators.rows.schema import TABLES, schema_fields

pytestmark = pytest.mark.stack


def at(hour: int, minute: int = 0) -> str:
    return datetime(2026, 3, 14, hour, minute, tzinfo=UTC).isoformat()


class Merge:
    """Loads rows into the staging tables of a run of its own and merges them."""

    def __init__(self, store: Any, hook: Any, dag: Any) -> None:
        self.store, self.hook, self.dag = store, hook, dag
        self.client = hook.get_client()

    def __call__(self, **rows: list[dict[str, Any]]) -> None:
        from google.cloud import bigquery

        run_id = f"manual__{uuid.uuid4()}"
        for table in TABLES:
            schema = [bigquery.SchemaField.from_api_repr(field) for field in schema_fields(table)]
            staging = names.staging_table(
                self.store.staging_dataset, table, names.run_key(self.dag.dag_id, run_id)
            )
            config = bigquery.LoadJobConfig(schema=schema, write_disposition="WRITE_TRUNCATE")
            self.client.load_table_from_json(rows.get(table, []), staging, job_config=config).result()
        task = self.dag.get_task("merge").prepare_for_execution()
        task.render_template_fields({"dag": self.dag, "run_id": run_id, "task": task, "params": {}})
        self.hook.insert_job(configuration=task.configuration, location=task.location).result()

    def row(self, table: str, **key: Any) -> dict[str, Any]:
        where = " AND ".join(f"{name} = {value!r}" for name, value in key.items())
        found = [
            dict(row) for row in self.client.query_and_wait(f"SELECT * FROM z316_tiny.{table} WHERE {where}")
        ]
        assert len(found) == 1, found
        return found[0]


@pytest.fixture(scope="module")
def merge(store: Any, dags: Any) -> Merge:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    return Merge(store, BigQueryHook(location=store.location, use_legacy_sql=False), dags["z316_webhook"])


def order(pedido: int, fetched_at: str, **fields: Any) -> dict[str, Any]:
    return {
        "store": "z316",
        "id": pedido,
        "uuid": f"uuid-{pedido}",
        "timestamp": at(12),
        "data": "2026-03-14",
        "totalVenda": "10.10",
        "situacao": "Em aberto",
        "itens": [],
        "parcelas": [],
        "fetched_at": fetched_at,
        "payload": {"id": str(pedido)},
        **fields,
    }


def snapshot(pedido: int, produto: int, fetched_at: str, cost: str) -> dict[str, Any]:
    return {
        "store": "z316",
        "pedido_id": pedido,
        "id": produto,
        "timestamp": at(12),
        "preco_custo": cost,
        "fetched_at": fetched_at,
        "payload": {},
        "anexos": [],
        "imagens_externas": [],
    }


def test_a_newer_reading_replaces_an_older_one(merge: Merge) -> None:
    merge(pdv=[order(1, at(13))])
    merge(pdv=[order(1, at(14), situacao="Cancelado", totalVenda="12.34")])
    row = merge.row("pdv", id=1)
    assert (row["situacao"], row["totalVenda"]) == ("Cancelado", Decimal("12.34"))


def test_an_older_reading_never_replaces_a_newer_one(merge: Merge) -> None:
    merge(pdv=[order(2, at(15), situacao="Faturado")])
    merge(pdv=[order(2, at(14))])
    assert merge.row("pdv", id=2)["situacao"] == "Faturado"


def test_the_same_batch_again_changes_nothing(merge: Merge) -> None:
    batch = {"pdv": [order(3, at(13))], "produto": [snapshot(3, 70, at(13), "5.00")]}
    merge(**batch)
    before = merge.row("pdv", id=3), merge.row("produto", pedido_id=3)
    merge(**batch)
    assert (merge.row("pdv", id=3), merge.row("produto", pedido_id=3)) == before


def test_of_two_readings_in_one_batch_the_newest_wins_and_the_first_arrival_stays(merge: Merge) -> None:
    merge(
        pdv=[
            order(4, at(13), timestamp=at(11)),
            order(4, at(14), timestamp=at(12), situacao="Faturado"),
        ]
    )
    row = merge.row("pdv", id=4)
    assert (row["situacao"], row["timestamp"]) == ("Faturado", datetime(2026, 3, 14, 11, tzinfo=UTC))


def test_the_first_arrival_stays_in_whatever_order_readings_come(merge: Merge) -> None:
    merge(pdv=[order(5, at(15), timestamp=at(12), situacao="Faturado")])
    merge(pdv=[order(5, at(14), timestamp=at(10))])
    row = merge.row("pdv", id=5)
    assert (row["situacao"], row["timestamp"]) == ("Faturado", datetime(2026, 3, 14, 10, tzinfo=UTC))


def test_an_order_that_moves_to_another_day_stays_one_row(merge: Merge) -> None:
    merge(pdv=[order(6, at(13), data="2026-03-14")])
    merge(pdv=[order(6, at(14), data="2026-03-20")])
    assert str(merge.row("pdv", id=6)["data"]) == "2026-03-20"
    merge(pdv=[order(6, at(15), data=None)])
    merge(pdv=[order(6, at(16), data="2026-03-21")])
    assert str(merge.row("pdv", id=6)["data"]) == "2026-03-21"


def test_a_product_keeps_the_cost_of_the_sale(merge: Merge) -> None:
    merge(produto=[snapshot(7, 71, at(13), "5.00")])
    merge(produto=[snapshot(7, 71, at(14), "9.99"), snapshot(7, 72, at(14), "1.00")])
    assert merge.row("produto", pedido_id=7, id=71)["preco_custo"] == Decimal("5.00")
    assert merge.row("produto", pedido_id=7, id=72)["preco_custo"] == Decimal("1.00")


def test_stores_do_not_touch_each_other(merge: Merge) -> None:
    merge(pdv=[order(8, at(13)), order(8, at(14), store="other", situacao="Faturado")])
    assert merge.row("pdv", id=8, store="z316")["situacao"] == "Em aberto"
    assert merge.row("pdv", id=8, store="other")["situacao"] == "Faturado"


def test_search_lines_follow_the_same_rule(merge: Merge) -> None:
    line = {
        "store": "z316",
        "id": "9",
        "timestamp": at(12),
        "data_pedido": "2026-03-14",
        "valor": "10.10",
        "payload": {},
    }
    merge(pesquisa=[{**line, "fetched_at": at(14), "nome_vendedor": "Nova"}])
    merge(pesquisa=[{**line, "fetched_at": at(13), "nome_vendedor": "Velha"}])
    assert merge.row("pesquisa", id="9")["nome_vendedor"] == "Nova"


def test_an_empty_batch_is_merged_too(merge: Merge) -> None:
    merge()


def test_the_earliest_reading_of_a_product_stays_in_whatever_order_readings_come(merge: Merge) -> None:
    merge(produto=[snapshot(10, 73, at(14), "9.99")])
    merge(produto=[snapshot(10, 73, at(13), "5.00")])
    assert merge.row("produto", pedido_id=10, id=73)["preco_custo"] == Decimal("5.00")
