"""OpenLineage's own listener and provider see one line from the inbox to the tables, under the Google provider's names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse, post_webhook
from tiny_operators.schemas import LOADED
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack

Touched = dict[str, dict[str, set[str]]]


@pytest.fixture
def touched(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse, tmp_path: Path
) -> Touched:
    """What each task of a run read and wrote, as OpenLineage's events tell it."""
    for sale in simulator.sell(2):
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    events = tmp_path / "events.ndjson"
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("airflow")), "dags", "test", "z316_webhook"],
        env={
            **os.environ,
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
            "AIRFLOW__OPENLINEAGE__EXECUTION_TIMEOUT": "120",
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: Touched = defaultdict(lambda: {"inputs": set(), "outputs": set()})
    for line in events.read_text().splitlines():
        event = json.loads(line)
        for side in ("inputs", "outputs"):
            places = {f"{place['namespace']} {place['name']}" for place in event.get(side) or ()}
            found[event["job"]["name"].rpartition(".")[2]][side] |= places
    return found


def test_one_line_leads_from_the_inbox_to_the_tables(touched: Touched, store: Store) -> None:
    inbox, raw = f"gs://{store.webhook_bucket} /", f"gs://{store.api_bucket} raw"
    assert touched["plan"]["inputs"] == {inbox}
    assert touched["plan"]["outputs"] == touched["fetch"]["inputs"] != set()
    assert touched["fetch"]["outputs"] == touched["rows"]["inputs"] == {raw}
    # In a process of its own, as the scheduler runs it, a task does not see what others touched. Here they share one.
    for table in ("pdv", "pesquisa", "produto"):
        (file,) = (name for name in touched["rows"]["outputs"] if f"rows/{table}/" in name)
        (staging,) = (
            name for name in touched["merge"]["inputs"] if f"{store.staging_dataset}.{table}_" in name
        )
        assert file in touched[f"load_{table}"]["inputs"]
        assert staging in touched[f"load_{table}"]["outputs"]
    merged = {f"bigquery z316-local.{store.dataset}.{table}" for table in LOADED}
    assert merged <= touched["merge"]["outputs"]
    assert inbox in touched["archive"]["inputs"]
    assert f"gs://{store.api_bucket} webhook" in touched["archive"]["outputs"]
