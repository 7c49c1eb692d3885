"""Batches of rows for the statements of the DAGs' own tasks, on BigQuery's emulator."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from tiny_operators.batches.row_files import BatchBounds
from tiny_operators.lake import names
from tiny_operators.orders.old_orders import row_day
from tiny_operators.schemas import LOADED, TABLES, schema_fields


def when(hour: int) -> datetime:
    return datetime(2026, 3, 14, hour, tzinfo=UTC)


def at(hour: int) -> str:
    return when(hour).isoformat()


def reported_of(rows: Mapping[str, list[dict[str, Any]]], *, many: bool = False) -> dict[str, Any]:
    """What the task that made these rows says of them, by XCom key.

    Args:
        rows: The rows, by table.
        many: Whether it tells of the ids and days as of those of a large batch.
    """
    bounds = BatchBounds()
    for table in TABLES:
        for row in rows.get(table, []):
            bounds.add(int(row.get("pedido_id") or row["id"]), filter(None, [row_day(table, row)]))
    return {
        "return_value": {table: len(rows.get(table, [])) for table in LOADED},
        "batch_bounds": bounds.to_xcom() | ({"ids": [], "days": []} if many else {}),
        "rows_version": "once",
    }


class Merge:
    """Loads rows into the staging tables of a run of its own and merges them.

    Args:
        store: The store.
        hook: Airflow's hook of BigQuery.
        dag: The DAG whose tasks are run.
        many: Whether the statements are told of the ids as of those of a large batch.

    Attributes:
        run_id: The last run.
        said: What the task that made the rows said of them, by XCom key.
    """

    def __init__(self, store: Any, hook: Any, dag: Any, *, many: bool = False) -> None:
        self.store, self.hook, self.dag, self.many = store, hook, dag, many
        self.client = hook.get_client()

    def __call__(self, **rows: list[dict[str, Any]]) -> None:
        self.load(**rows)
        self.do("merge")

    def load(self, **rows: list[dict[str, Any]]) -> None:
        """Load rows into the staging tables of a new run; a table without rows has none."""
        self.run_id = f"manual__{uuid.uuid4()}"
        self.said = reported_of(rows, many=self.many)
        for table in LOADED:
            if made := rows.get(table, []):
                self._load(made, table, self.staging(table))

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

    def do(self, task_id: str, edit: Callable[[str], str] = str, /, **counts: int) -> None:
        """Run the query of a task, as the DAG renders it.

        Args:
            task_id: Id of the task.
            edit: Changes its text.
            **counts: What the task that made the rows counted otherwise.
        """
        task = self.dag.get_task(task_id).prepare_for_execution()
        said = self.said | {"return_value": self.said["return_value"] | counts}
        ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": said[key])
        task.render_template_fields({
            "dag": self.dag,
            "run_id": self.run_id,
            "task": task,
            "params": {},
            "ti": ti,
        })
        query = task.configuration["query"]
        query["query"] = edit(query["query"])
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


def reject(pedido: int) -> dict[str, Any]:
    """Why an order was rejected."""
    return {
        "store": "z316",
        "id": f"reject-{pedido}",
        "rejected_at": at(13),
        "pedido": pedido,
        "field": "pdv.data",
        "run": "z316_webhook_x",
        "kind": "reject",
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
