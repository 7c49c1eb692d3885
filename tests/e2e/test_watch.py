"""What setup and the watch DAG ask Airflow itself, of a running Airflow."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.stack.airflow import unpause
from local.stack.exports import LOGIN, PASSWORD
from local.stack.health import fetch
from tests.e2e.conftest import Live
from tiny_operators._compat import (
    AIRFLOW_V_3_0_PLUS,
    AirflowFailException,
    dag_status,
    ensure_pool,
    missing_pools,
)
from tiny_operators._compat_runs import loaded_dates

pytestmark = [pytest.mark.stack, pytest.mark.e2e]
# Days of which the shop has sold nothing.
DAYS = {"from_date": "2020-05-01", "to_date": "2020-05-02"}
only_3 = pytest.mark.skipif(
    not AIRFLOW_V_3_0_PLUS, reason="2.11 asks its own database, that of this test session"
)


@pytest.fixture(params=["login", "google"])
def signed_in(
    request: pytest.FixtureRequest, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """By the connection, and as on Composer: with credentials that Google's library finds, at Airflow's own address."""
    if request.param == "google":
        address = live.env["AIRFLOW__API__BASE_URL"]
        _, answer = fetch(f"{address}/auth/token", body={"username": LOGIN, "password": PASSWORD})
        credentials = {
            "type": "authorized_user",
            "client_id": "test",
            "client_secret": "test",
            "refresh_token": "test",
            "token": json.loads(answer)["access_token"],
            "expiry": "2999-01-01T00:00:00Z",
        }
        path = tmp_path / "credentials.json"
        path.write_text(json.dumps(credentials))
        monkeypatch.delenv("AIRFLOW_CONN_AIRFLOW_API")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return live


@pytest.mark.parametrize(
    ("dag", "conf", "says"),
    [
        ("z316_setup", {}, r"▸ (Created or changed: \d+ \w+|Nothing was missing)"),
        # Of the stack's short life not every day is complete.
        ("z316_watch", {}, r"▸ (Checked: |complete failed: (The orders of |No night of z316_daily ))"),
        # Tasks of these are skipped, of which Airflow 2.11 says that they succeeded, too.
        ("z316_retention", {}, "▸ Nothing was blanked: keep_personal_days of include/stores.yaml is 0"),
        ("z316_plan", DAYS, r"▸ Planned: 2 days \(2020-05-01 to .*\), 0 orders in Tiny; .*read$"),
        ("z316_compare", DAYS, r"▸ 2 days compared"),
    ],
)
def test_a_run_without_orders_says_what_it_did(live: Live, dag: str, conf: dict[str, Any], says: str) -> None:
    live.until(f"the DAG {dag}", lambda: bool(live.api.get(f"dags/{dag}")))
    unpause(live.api, dag)
    run = live.api.post(
        f"dags/{dag}/dagRuns", {"conf": conf} | ({"logical_date": None} if AIRFLOW_V_3_0_PLUS else {})
    )

    def noted() -> bool:
        found = live.api.get(f"dags/{dag}/dagRuns/{run['dag_run_id']}")
        ended = found["state"] in {"success", "failed"}
        return ended and re.match(says, found["note"] or "") is not None

    live.until(f"the note of {dag}", noted)


@only_3
def test_pools_are_made_by_airflows_own_api(signed_in: Live) -> None:
    name = "tiny_made_here"
    assert missing_pools(["tiny_z316", name, "merge_z316"]) == [name]
    ensure_pool(name, 1, "calls")
    assert missing_pools([name]) == []
    for change in ({"slots": 3}, {"include_deferred": True}):
        pool = {"pool": name, "slots": 1, "include_deferred": False, "description": "calls", **change}
        signed_in.api.patch(f"pools/{name}", pool)
        ensure_pool(name, 1, "calls")
        found = signed_in.api.get(f"pools/{name}")
        assert (found["slots"], found["include_deferred"], found["description"]) == (1, False, "calls")
    signed_in.run("pools", "delete", name)
    assert missing_pools([name]) == [name]


@only_3
def test_it_is_known_whether_the_webhook_dag_runs(signed_in: Live) -> None:
    signed_in.until("a run of the webhook DAG", lambda: dag_status("z316_webhook").runs > 0)
    found = dag_status("z316_webhook")
    assert (found.paused, found.triggerer) == (False, "healthy")
    assert dag_status("z316_put_back").runs == 0
    assert dag_status("no_such_dag").paused is None
    assert loaded_dates("z316_put_back", "UTC") == []
    assert loaded_dates("no_such_dag", "UTC") == []


@only_3
def test_a_wrong_login_is_told(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = json.loads(live.env["AIRFLOW_CONN_AIRFLOW_API"]) | {"password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_API", json.dumps(connection))
    with pytest.raises(
        AirflowFailException, match=r"gives no token .HTTP 401.: check host, login and password"
    ):
        ensure_pool("tiny_z316", 1, "calls")


def test_a_running_airflow_is_found_to_run(live: Live) -> None:
    live.run("dags", "unpause", "z316_watch")
    live.run("dags", "trigger", "z316_watch")

    def states() -> dict[str, str]:
        tasks = live.api.get("dags/z316_watch/dagRuns/~/taskInstances?limit=100").get("task_instances", [])
        return {task["task_id"]: str(task["state"]) for task in tasks}

    ended = {"success", "failed", "skipped"}
    live.until(
        "the watch to have looked", lambda: {states().get(name) for name in ("airflow", "inbox")} <= ended
    )
    live.run("dags", "pause", "z316_watch")
    assert (states()["airflow"], states().get("inbox")) == ("success", "success")
