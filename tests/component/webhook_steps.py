"""The steps of the webhook path, each by its operator, and what they make."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from local.demo.parts import Simulator, Warehouse, post_webhook
from tiny_operators._compat import AirflowSkipException
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.archive import ArchiveWebhooksOperator
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.plan_webhooks import PlanWebhooksOperator
from tiny_operators.operators.rows import MakeRowsOperator


def upload(warehouse: Warehouse, name: str, content: bytes | str) -> None:
    warehouse.storage_client().bucket(warehouse.webhook_bucket).blob(name).upload_from_string(content)


def post(emulators: dict[str, str], simulator: Simulator, count: int) -> list[int]:
    sales = simulator.sell(count)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    return [sale.pedido for sale in sales]


def plan(run: Any, **kwargs: Any) -> Any:
    return run.do(PlanWebhooksOperator(task_id="plan", store=run.store, **kwargs))


def fetch(run: Any, **kwargs: Any) -> Any:
    return run.do(FetchOrdersOperator(task_id="fetch", store=run.store, **kwargs))


def rows(run: Any, **kwargs: Any) -> Any:
    return run.do(MakeRowsOperator(task_id="rows", store=run.store, **kwargs))


def archive(run: Any) -> Any:
    return run.do(ArchiveWebhooksOperator(task_id="archive", store=run.store))


def made_rows(warehouse: Warehouse, run: Any, table: str) -> list[dict[str, Any]]:
    """Rows that the run made of a table; none when it had no order."""
    lines = api(warehouse, run).lines_if_any(names.rows_object(table, run.key))
    return [json.loads(line) for line in lines]


def rejected_files(warehouse: Warehouse, run: Any) -> list[dict[str, Any]]:
    """Rows of ``rejeitados`` of the files that the run could not use, by their names."""
    reported = [
        row for row in warehouse.rows("rejeitados") if row["run"] == run.key and row["step"] == "plan"
    ]
    return sorted(reported, key=lambda row: str(row["file"]))


def batch(run: Any) -> Any:
    """All steps, those between skipped when there is no order; what the last one counts."""
    plan(run)
    with suppress(AirflowSkipException):
        fetch(run)
        rows(run)
    return archive(run)


def forget_pauses(warehouse: Warehouse, run: Any, hours: int = 1) -> None:
    """Let every try have been some hours ago."""
    objects, target = api(warehouse, run), names.waiting_files_object(run.store.prefix)
    text = json.dumps(objects.read_json(target))
    for tried in json.loads(text)["files"].values():
        text = text.replace(tried["last_at"], earlier(tried["last_at"], hours))
        for since in tried["since"].values():
            text = text.replace(since, earlier(since, hours))
    objects.write_json(target, json.loads(text))


def earlier(moment: str, hours: int) -> str:
    return (datetime.fromisoformat(moment) - timedelta(hours=hours)).isoformat()


def waiting_files(warehouse: Warehouse, run: Any) -> Any:
    return api(warehouse, run).read_json(names.waiting_files_object(run.store.prefix))


def api(warehouse: Warehouse, run: Any) -> Objects:
    return Objects(warehouse.storage_client(), run.store.api_bucket)
