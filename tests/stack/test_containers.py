"""What `docker-compose up` would start, run as processes by the compose file's own words: see containers.py."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from local.demo.parts import Simulator
from tests.environment import AIRFLOW
from tests.stack.containers import Containers, running

pytestmark = pytest.mark.stack

REPO = Path(__file__).resolve().parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((REPO / "docker-compose.yaml").read_text())["services"]
PROFILES = {"2.11": "airflow-2.11", "3": "airflow-3"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder through which Postgres's user may pass, which pytest's own does not allow."""
    found = Path(tempfile.mkdtemp(prefix="containers-"))
    found.chmod(0o755)
    yield found
    shutil.rmtree(found)


def services(*profiles: str) -> dict[str, Any]:
    """What compose starts when these profiles are chosen."""
    return {
        name: service
        for name, service in SERVICES.items()
        if not service.get("profiles") or set(service["profiles"]) & set(profiles)
    }


def sale(containers: Containers) -> int:
    """Let an order be sold, and its webhook be posted; the order."""
    simulator = Simulator(f"http://{containers.address('tiny', 8080)}")
    (sold,) = simulator.sell(1)
    address = f"http://{containers.address('receiver', 8080)}/"
    assert [delivery["status"] for delivery in simulator.send(address, [sold.webhook])] == [200]
    return sold.pedido


def rows_of(containers: Containers, pedido: int) -> list[int]:
    """Ids of an order's rows in BigQuery, asked as the front's reader may."""
    address = {"api_endpoint": f"http://{containers.address('front', 9050)}"}
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = bigquery.Client("z316-local", nobody, client_options=address)
    sql = f"SELECT id FROM z316_tiny.pdv WHERE id = {pedido}"
    return [row["id"] for row in client.query_and_wait(sql)]


@pytest.mark.timeout(1800)
def test_a_sale_stands_in_the_tables(folder: Path) -> None:
    """All containers of a version: setup has run, the webhook DAG is unpaused, and a sale goes all the way."""
    start = "airflow-start" if AIRFLOW == "2.11" else "airflow-3-start"
    with running(services(PROFILES[AIRFLOW]), folder) as containers:
        assert containers.ended(start) == 0, containers.log(start)
        pedido = sale(containers)
        end = time.monotonic() + 300
        while not (rows := rows_of(containers, pedido)):
            assert time.monotonic() < end, containers.log(start.replace("start", "scheduler"))
            time.sleep(1)
        assert rows == [pedido]
