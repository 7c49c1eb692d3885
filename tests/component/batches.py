"""Batches of rows for the statements of the DAGs' own tasks, on BigQuery's emulator."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from tiny_operators import names
from tiny_operators.rows.schema import LOADED, schema_fields


def when(hour: int) -> datetime:
    return datetime(2026, 3, 14, hour, tzinfo=UTC)


def at(hour: int) -> str:
    return when(hour).isoformat()


class Merge:
    """Loads rows into the staging tables of a run of its own and merges them.

    Attributes:
        run_id: The last run.
    """

    def __init__(self, store: Any, hook: Any, dag: Any) -> None:
        self.store, self.hook, self.dag = store, hook, dag
        self.client = hook.get_client()

    def __call__(self, **rows: list[dict[str, Any]]) -> None:
        self.load(**rows)
        self.do("merge")

    def load(self, **rows: list[dict[str, Any]]) -> None:
        """Load rows into the staging tables of a new run."""
        self.run_id = f"manual__{uuid.uuid4()}"
        for table in LOADED:
            self._load(rows.get(table, []), table, self.staging(table))

    def staging(self, table: str) -> str:
        """A staging table of the run."""
        return names.staging_table(
            self.store.staging_dataset, table, names.run_key(self.dag.dag_id, self.run_id)
        )

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        """Put rows into a table, past the merge."""
        self._load(list(rows), table, f"{self.store.dataset}.{table}", "WRITE_APPEND")

    def _load(self, rows: list[dict[str, Any]], table: str, target: str, how: str = "WRITE_TRUNCATE") -> None:
        from google.cloud import bigquery

        schema = [bigquery.SchemaField.from_api_repr(field) for field in schema_fields(table)]
        config = bigquery.LoadJobConfig(schema=schema, write_disposition=how)
        self.client.load_table_from_json(rows, target, job_config=config).result()

    def do(self, task_id: str, **context: Any) -> None:
        """Run the query of a task, as the DAG renders it."""
        task = self.dag.get_task(task_id).prepare_for_execution()
        noted = SimpleNamespace(xcom_pull=lambda **_: "once")
        told = {"dag": self.dag, "run_id": self.run_id, "task": task, "params": {}, "ti": noted, **context}
        task.render_template_fields(told)
        self.hook.insert_job(configuration=task.configuration, location=task.location).result()

    def rows(self, table: str, where: str) -> list[dict[str, Any]]:
        found = self.client.query_and_wait(f"SELECT * FROM z316_tiny.{table} WHERE {where}")
        return [dict(row) for row in found]

    def row(self, table: str, **key: Any) -> dict[str, Any]:
        (found,) = self.rows(table, " AND ".join(f"{name} = {value!r}" for name, value in key.items()))
        return found


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


def line(pedido: int, fetched_at: str, **fields: Any) -> dict[str, Any]:
    """A search line of an order."""
    return {
        "store": "z316",
        "id": str(pedido),
        "uuid": f"uuid-{pedido}",
        "timestamp": at(12),
        "data_pedido": "2026-03-14",
        "valor": "10.10",
        "situacao": "Em aberto",
        "fetched_at": fetched_at,
        "payload": {"id": str(pedido)},
        **fields,
    }


def gone(table: str, pedido: int, fetched_at: str, **fields: Any) -> dict[str, Any]:
    """What marks an order as deleted: no other column."""
    return {
        "store": "z316",
        "id": pedido if table == "pdv" else str(pedido),
        "uuid": f"uuid-{pedido}",
        "timestamp": at(12),
        "fetched_at": fetched_at,
        "deleted_at": fetched_at,
        "source_id": "daily-0.1.0",
        **fields,
    }
