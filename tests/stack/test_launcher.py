"""Starting and stopping real parts on free ports."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.stack import launcher, processes
from local.stack.settings import EMULATORS, Settings, StackError, users_environment
from local.stack.state import State
from local.stack.supervisor import Supervisor

pytestmark = pytest.mark.stack

ROUND_TRIP = """
import io, json
from google.cloud import bigquery, storage

bucket = storage.Client().create_bucket("shelf")
bucket.blob("rows.ndjson").upload_from_string(json.dumps({"name": "Queijo", "price": "10.10"}))
client = bigquery.Client()
client.create_dataset("shop")
schema = [bigquery.SchemaField("name", "STRING"), bigquery.SchemaField("price", "NUMERIC")]
config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", schema=schema)
client.load_table_from_uri("gs://shelf/rows.ndjson", "shop.cheese", job_config=config).result()
rows = [dict(row) for row in client.query("SELECT name, price * 3 AS price FROM shop.cheese").result()]
print(json.dumps({"project": client.project, "rows": rows}, default=str))
"""


@pytest.fixture
def environ() -> dict[str, str]:
    """This process's environment without addresses that would stand in for a part."""
    replaced = (
        "AIRFLOW_CONN_TINY_Z316",
        "STORAGE_EMULATOR_HOST",
        "BIGQUERY_EMULATOR_HOST",
        "WEBHOOK_URL",
        "STACK_HOME",
    )
    return {name: value for name, value in users_environment(os.environ).items() if name not in replaced}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A state folder; what a failing test left running there is ended."""
    yield tmp_path
    launcher.down(tmp_path, say=print)


def settings(environ: dict[str, str], home: Path, *parts: str) -> Settings:
    return Settings.from_env(environ, home=home, parts=frozenset(parts), free_ports=True)


def test_clients_without_arguments_work_and_nothing_is_left(environ: dict[str, str], home: Path) -> None:
    with launcher.running(settings(environ, home, *EMULATORS)) as stack:
        program = [sys.executable, "-c", ROUND_TRIP]
        reported = subprocess.run(
            program, env={**environ, **stack.env}, capture_output=True, text=True, check=False
        )
        assert reported.returncode == 0, reported.stderr
        assert json.loads(reported.stdout) == {
            "project": "z316-local",
            "rows": [{"name": "Queijo", "price": "30.3"}],
        }
        state = State.load(home)
        assert state
        assert launcher.problems(state) == {}
        assert set(stack.addresses) == EMULATORS
        mine = processes.of_stack(home)
        assert len(mine) >= len(EMULATORS)
        assert launcher.env_file(home).exists()
    assert not [process for process in mine if processes.is_alive(process)]
    assert processes.of_stack(home) == []
    assert not launcher.env_file(home).exists()
    assert not state.short_dir.exists()


# A shell starts what runs in its background deaf to Ctrl-C, and so are these tests and their programs.
STAYS = """
import signal, sys, time
from pathlib import Path
from local.stack import launcher
from local.stack.settings import Settings
home = Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)
with launcher.running(Settings.from_env(home=home, parts=frozenset({"gcs"}), free_ports=True)):
    (home / "is up").touch()
    time.sleep(600)
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_is_ended_leaves_no_stack(
    sign: signal.Signals, environ: dict[str, str], home: Path
) -> None:
    program = [sys.executable, "-c", STAYS, str(home)]
    with subprocess.Popen(
        program, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as ended:
        while not (home / "is up").exists():
            assert ended.poll() is None
            time.sleep(0.1)
        left = processes.of_stack(home)
        assert left
        ended.send_signal(sign)
        assert ended.wait() != 0
    assert not [process for process in left if processes.is_alive(process)]
    assert processes.of_stack(home) == []


def test_down_ends_what_a_killed_process_manager_left(environ: dict[str, str], home: Path) -> None:
    launcher.up(settings(environ, home, "gcs"))
    left = processes.of_stack(home)
    psutil.Process(int((home / "run" / "supervisord.pid").read_text())).send_signal(signal.SIGKILL)
    state = State.load(home)
    assert state
    while Supervisor(state).is_running():
        pass
    gone = "the process manager is gone"
    assert launcher.problems(state) == {"gcs": gone, "front": gone}
    said: list[str] = []
    launcher.down(home, say=said.append)
    assert not [process for process in left if processes.is_alive(process)]
    assert "fake-gcs-server" in said[0]
    assert said[1] == "down"


def test_up_again_tells_so_and_tells_of_a_dead_part(environ: dict[str, str], home: Path) -> None:
    wanted = settings(environ, home, "gcs")
    first = launcher.up(wanted)
    said: list[str] = []
    assert launcher.up(wanted, say=said.append) == first
    assert said == ["up already, and healthy"]
    with pytest.raises(StackError, match=r"a stack with Airflow .* is up.*make down"):
        launcher.up(dataclasses.replace(wanted, airflow="another"))
    with pytest.raises(StackError, match="would remove its data"):
        launcher.up(wanted, fresh=True)
    state = State.load(home)
    assert state
    psutil.Process(Supervisor(state).processes()["gcs"]["pid"]).kill()
    while Supervisor(state).processes()["gcs"]["pid"]:
        pass
    with pytest.raises(StackError, match=r"not well.*gcs: it ended"):
        launcher.up(wanted)


def test_data_stays_unless_it_starts_fresh(environ: dict[str, str], home: Path) -> None:
    for fresh, kept in ((False, True), (True, False)):
        (home / "gcs" / "bucket").mkdir(parents=True, exist_ok=True)
        with launcher.running(settings(environ, home, "gcs"), fresh=fresh):
            assert (home / "gcs" / "bucket").exists() is kept


def test_port_in_use_names_part_port_and_variable(environ: dict[str, str], home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        free = settings(environ, home, "bigquery")
        wanted = dataclasses.replace(free, ports={**free.ports, "BIGQUERY_PORT": port})
        with pytest.raises(StackError, match=rf"front: port {port} is in use.*BIGQUERY_PORT=\d+ make up"):
            launcher.up(wanted)
    assert processes.of_stack(home) == []


def test_part_that_dies_is_named_with_its_last_words(environ: dict[str, str], home: Path) -> None:
    wanted = dataclasses.replace(settings(environ, home, "gcs", "tiny"), seed="no number")  # type: ignore[arg-type]
    with pytest.raises(StackError, match=r"(?s)tiny ended with status 2.*invalid int value: 'no number'"):
        launcher.up(wanted)
    assert processes.of_stack(home) == []
    assert State.load(home) is None


def test_second_start_at_the_same_time_is_refused(environ: dict[str, str], home: Path) -> None:
    with launcher._alone(home), pytest.raises(StackError, match="another start or stop"):
        launcher.up(settings(environ, home, "gcs"))


def test_down_with_nothing_running_says_so(home: Path) -> None:
    said: list[str] = []
    launcher.down(home, say=said.append)
    assert said == ["nothing was running"]
