"""The page in Airflow's UI: answered by the web server's own app, from its own database, to those who may see it."""

from __future__ import annotations

import html as markup
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.situations import TODAY, rows, situation
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.situation.facts import SITUATION
from tiny_operators.web_pages import FOLDER, PAGE, TITLE, under_way

REPO = Path(__file__).resolve().parents[2]
PATH = f"/{FOLDER}/{PAGE}"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Database:
    """Airflow's database, with what runs left in it."""

    def __init__(self) -> None:
        self._runs = 0

    def add_run(
        self, dag_id: str, state: str, conf: dict[str, Any] | None = None, run_type: str = "manual"
    ) -> tuple[int, str]:
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session

        # It has no types.
        make: Any = DagRun
        self._runs += 1
        at = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=self._runs)
        own: dict[str, Any] = (
            {"logical_date": at, "run_after": at} if AIRFLOW_V_3_0_PLUS else {"execution_date": at}
        )
        # As those of the daily DAG; other clocks create a run at a moment.
        interval = (at, at + timedelta(days=1 if dag_id.endswith("_daily") else 0))
        run = make(
            dag_id=dag_id,
            run_id=f"{run_type}__{self._runs}",
            state=state,
            run_type=run_type,
            conf=conf,
            data_interval=interval,
            **own,
        )
        if state in ("failed", "success"):
            run.end_date = datetime.now(UTC) - timedelta(days=1) + timedelta(seconds=self._runs)
        with create_session() as session:
            session.add(run)
            session.flush()
            return run.id, run.run_id

    def add_dag(self, dag_id: str, *, paused: bool = False) -> None:
        from airflow.models.dag import DagModel
        from airflow.utils.session import create_session
        from sqlalchemy import text

        make: Any = DagModel
        own = {"bundle_name": "dags-folder"} if AIRFLOW_V_3_0_PLUS else {}
        with create_session() as session:
            session.execute(text("PRAGMA foreign_keys=OFF"))
            session.add(make(dag_id=dag_id, is_paused=paused, **own))

    def leave(self, dag_id: str, key: str, value: Any, at: datetime, run: tuple[int, str]) -> None:
        """Leave an XCom, as a task does: its DAG, task and try are not needed here."""
        from airflow.models import xcom
        from airflow.utils.session import create_session
        from sqlalchemy import insert, text

        module: Any = xcom
        model = module.XComModel if AIRFLOW_V_3_0_PLUS else module.XCom
        kept = value if AIRFLOW_V_3_0_PLUS else model.serialize_value(value)
        with create_session() as session:
            session.execute(text("PRAGMA foreign_keys=OFF"))
            session.execute(
                insert(model.__table__).values(
                    dag_run_id=run[0],
                    task_id="task",
                    map_index=-1,
                    key=key,
                    dag_id=dag_id,
                    run_id=run[1],
                    value=kept,
                    timestamp=at,
                )
            )

    def leave_situation(self, prefix: str, value: Any, at: datetime = LONG_AGO) -> None:
        dag_id = f"{prefix}_watch"
        self.leave(dag_id, SITUATION, value, at, self.add_run(dag_id, "success"))

    def clean(self) -> None:
        from airflow.models.dag import DagModel
        from airflow.models.dagrun import DagRun
        from airflow.models.xcom import XCom as _  # noqa: F401 - its table must be known
        from airflow.utils.session import create_session
        from sqlalchemy import delete, text

        with create_session() as session:
            session.execute(text("PRAGMA foreign_keys=OFF"))
            session.execute(text("DELETE FROM xcom"))
            session.execute(delete(DagRun))
            session.execute(delete(DagModel))


@pytest.fixture
def database(airflow_database: None) -> Iterator[Database]:
    found = Database()
    found.clean()
    yield found
    found.clean()


Get = Callable[..., tuple[int, str, Mapping[str, str]]]


def _flask(airflow_database: None) -> Get:
    from airflow.www.app import create_app

    app: Any = create_app(testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        security = app.appbuilder.sm
        guest = security.add_role("Guest")
        security.add_permission_to_role(guest, security.get_permission("can_read", "Website"))
        for name, role in (("admin", "Admin"), ("guest", "Guest")):
            security.add_user(
                name, name, name, f"{name}@example.com", security.find_role(role), password=name
            )

    @cache
    def client(user: str | None) -> Any:
        # One for each: Airflow lets nobody log in more than five times in 40 seconds.
        found = app.test_client()
        if user:
            found.post("/login/", data={"username": user, "password": user})
        return found

    def get(path: str, user: str | None = "admin") -> tuple[int, str, Mapping[str, str]]:
        answer = client(user).get(path)
        return answer.status_code, answer.get_data(as_text=True), answer.headers

    return get


def _fastapi(airflow_database: None) -> Get:
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    app: Any = create_app(apps="core")

    def get(path: str, user: str | None = "admin") -> tuple[int, str, Mapping[str, str]]:
        client = TestClient(app, follow_redirects=False)
        if user:
            manager: Any = get_auth_manager()
            role = "ADMIN" if user == "admin" else None
            client.cookies.set(
                "_token", manager.generate_jwt(SimpleAuthManagerUser(username=user, role=role))
            )
        answer = client.get(path)
        return answer.status_code, answer.text, answer.headers

    return get


@pytest.fixture(scope="module")
def get(airflow_database: None) -> Get:
    """Reads a page as a user of the web server: of its own app, in this process."""
    return _fastapi(airflow_database) if AIRFLOW_V_3_0_PLUS else _flask(airflow_database)


def test_the_page_is_in_the_menu(get: Get) -> None:
    if AIRFLOW_V_3_0_PLUS:
        _, plugins, _ = get("/api/v2/plugins")
        assert f'"href":"{FOLDER}/{PAGE}"' in plugins
        assert TITLE in plugins
    else:
        status, home, _ = get("/home")
        assert status == 200
        assert f'href="{PATH}"' in home
        assert TITLE in home


def test_what_the_watch_dag_left_is_shown_with_the_way_to_fill_it(get: Get, database: Database) -> None:
    day = TODAY - timedelta(days=9)
    database.leave_situation("z316", situation(rows()).to_json())
    database.leave_situation("z316", situation(rows({day: None})).to_json(), LONG_AGO + timedelta(hours=1))
    status, page, headers = get(PATH)
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    assert "1 dia sem pedidos." in page, "the newest"
    # Without the dates: Airflow 2.11 would keep them as the form's defaults, for everybody.
    link = "../dags/z316_reconcile" + ("" if AIRFLOW_V_3_0_PLUS else "/trigger")
    assert f'<a href="{link}">Comparar e consertar</a>' in markup.unescape(page)
    assert "Isto é antigo" in page, "its facts are those of a day that is over"


@pytest.mark.parametrize("stores", [1, 3, 12])
def test_each_store_is_shown(get: Get, database: Database, stores: int) -> None:
    for number in range(stores):
        database.leave_situation(
            f"loja{number}", situation(prefix=f"loja{number}", name=f"Loja {number}").to_json()
        )
    _, page, _ = get(PATH)
    assert page.count("<article") == stores
    assert all(f">Loja {number}</h2>" in page for number in range(stores))


def test_runs_under_way_are_shown_as_they_are_now(get: Get, database: Database) -> None:
    database.leave_situation("z316", situation().to_json())
    asked = {"from_date": "2026-01-01", "to_date": "2026-01-31"}
    run = database.add_run("z316_daily", "running", asked)
    progress = {"percent": 40, "done_at": "2026-11-23T20:00:00+00:00"}
    database.leave("z316_daily", "progress", progress, LONG_AGO, run)
    for state in ("queued", "queued", "success", "failed"):
        database.add_run("z316_daily", state)
    database.add_run("z316_reconcile", "running", run_type="scheduled")
    today = datetime.now(UTC).date()
    night = database.add_run("z316_daily", "running", {"from_date": str(today)}, run_type="scheduled")
    database.leave("z316_daily", "progress", {}, LONG_AGO, night)
    database.add_run("other_daily", "running", {"from_date": "2001-01-01"})
    _, page, _ = get(PATH)
    assert "01/01/2026 a 31/01/2026: 40% lido, termina em 23/11/2026 às 17:00" in page
    assert "<code>z316_reconcile</code> últimas semanas: ainda não lê" in page
    assert "espera o fim do dia e as últimas mudanças, até " in page
    assert "2 execuções na fila." in page
    assert "2001" not in page


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("bad", [None, "text", {"version": 99}, {"version": 1}], ids=str)
def test_what_another_version_left_is_named_and_hides_no_other(
    get: Get, database: Database, place: int, bad: Any
) -> None:
    for number in range(3):
        good = situation(prefix=f"loja{number}", name=f"Loja {number}").to_json()
        database.leave_situation(f"loja{number}", bad if number == place else good)
    status, page, _ = get(PATH)
    assert status == 200
    assert page.count("<article") == 2
    assert f"De outra versão, até a próxima execução (a cada hora): loja{place}_watch." in page


def test_before_the_first_run_the_page_says_what_is_needed(get: Get, database: Database) -> None:
    status, page, _ = get(PATH)
    assert status == 200
    assert "Ainda não há nada para mostrar: a DAG _watch deixa" in page
    for dag_id in ("a_watch", "b_watch", "a_daily"):
        database.add_dag(dag_id)
    page = get(PATH)[1]
    assert "Ainda não há nada para mostrar: a DAG a_watch ou b_watch deixa os números a cada hora." in page
    assert "<article" not in page


def test_who_may_not_see_the_dag_does_not_see_its_store(get: Get, database: Database) -> None:
    database.leave_situation("z316", situation().to_json())
    _, page, _ = get(PATH, user="guest")
    assert "Loja Exemplo" not in page


def test_who_is_not_logged_in_is_asked_to(get: Get, database: Database) -> None:
    database.leave_situation("z316", situation().to_json())
    status, page, headers = get(PATH, user=None)
    assert status in {302, 307}
    assert "login" in headers["Location"]
    assert "Loja Exemplo" not in page


def test_a_database_that_does_not_answer_is_told(
    get: Get, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def down(key: str) -> dict[str, Any]:
        raise OperationalError("SELECT", {}, Exception("down"))

    monkeypatch.setattr("tiny_operators.web_pages.newest_xcoms", down)
    status, page, _ = get(PATH)
    assert status == 503
    assert "O banco de dados do Airflow não respondeu." in page


def test_runs_are_told_apart_by_store() -> None:
    none: dict[str, Any] = {"first": None, "last": None, "progress": None, "by_person": False}
    runs = [
        {"dag_id": "z316_daily", "queued": False, **none},
        {"dag_id": "z316_b_daily", "queued": False, **none},
        {"dag_id": "z316_b_daily", "queued": True, **none},
    ]
    assert [run.dag_id for run in under_way(situation(), runs).running] == ["z316_daily"]
    assert under_way(situation(prefix="z316_b"), runs).queued == ("z316_b_daily",)
    some = under_way(situation(), [{**runs[0], "first": date(2026, 1, 1), "last": date(2026, 1, 2)}]).running[
        0
    ]
    assert (some.first, some.percent, some.done_at) == (date(2026, 1, 1), None, None)


@pytest.mark.parametrize(
    ("kind", "by_person", "waits"),
    [("daily", False, True), ("daily", True, False), ("compare", False, False)],
)
def test_only_the_daily_dag_by_its_clock_waits_for_the_night(kind: str, by_person: bool, waits: bool) -> None:
    run = {"dag_id": f"z316_{kind}", "by_person": by_person, "progress": None, "queued": False}
    (found,) = under_way(situation(), [{**run, "first": TODAY, "last": TODAY}]).running
    settled = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
    assert found.waits_until == (settled if waits else None)


def test_a_run_that_failed_is_on_the_page_until_it_is_made_good(get: Get, database: Database) -> None:
    database.leave_situation("z316", situation().to_json())
    conf = {"from_date": "2026-01-01", "to_date": "2026-01-31"}
    _, failed = database.add_run("z316_daily", "failed", conf)
    database.add_run("b2_daily", "failed", conf)
    page = get(PATH)[1]
    assert page.count(" falhou em ") == 1
    assert "01/01/2026 a 31/01/2026</strong> falhou em" in page
    name = f"/runs/{failed}" if AIRFLOW_V_3_0_PLUS else f"/grid?dag_run_id={failed}"
    assert f'href="../dags/z316_daily{name}"' in page
    database.add_run("z316_daily", "success", conf)
    assert " falhou em " not in get(PATH)[1]


@pytest.mark.parametrize("dag", ["z316_compare", "z316_daily"])
def test_a_repair_of_its_dates_takes_only_a_comparison_off_the_page(
    get: Get, database: Database, dag: str
) -> None:
    database.leave_situation("z316", situation().to_json())
    conf = {"from_date": "2026-01-01", "to_date": "2026-01-31"}
    database.add_run(dag, "failed", conf)
    database.add_run("z316_reconcile", "success", conf)
    assert (" falhou em " in get(PATH)[1]) is (dag == "z316_daily")


@pytest.mark.parametrize("paused", [False, True])
def test_a_paused_dag_is_told(get: Get, database: Database, paused: bool) -> None:
    database.leave_situation("z316", situation(rows({TODAY - timedelta(days=3): None})).to_json())
    database.add_dag("z316_reconcile", paused=paused)
    database.add_run("z316_reconcile", "queued")
    page = get(PATH)[1]
    assert ("1 execução na fila; z316_reconcile está pausada, e não começa." in page) is paused
    assert ("airflow dags unpause z316_reconcile\nairflow dags trigger z316_reconcile" in page) is paused


def test_the_plugin_is_light_and_needs_no_file_beside_it(tmp_path: Path) -> None:
    """Each process of Airflow imports it, so packages of web servers are left out; and Composer's web server has only
    the folder of plugins."""
    program = """
import sys
import airflow.plugins_manager, tiny_operators.links
before = set(sys.modules)
import tiny_plugin
tiny_plugin.TinyPlugin()
new = {name.split(".")[0] for name in set(sys.modules) - before}
heavy = new & {"flask", "fastapi", "starlette", "jinja2", "flask_appbuilder", "google", "pandas"}
from datetime import UTC, datetime
from tiny_operators.situation.page import render
print(tiny_plugin.__file__, sorted(heavy), len(render([], datetime.now(UTC))) > 1_000)
"""
    plugins = tmp_path / "plugins"
    shutil.copytree(REPO / "plugins", plugins, ignore=shutil.ignore_patterns("__pycache__"))
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(plugins)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.stdout.splitlines()[-1:] == [f"{plugins / 'tiny_plugin.py'} [] True"], result.stderr[-2000:]
