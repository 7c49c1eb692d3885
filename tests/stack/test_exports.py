"""The variables of the env file: which there are, whose value wins, and that any shell reads them right."""

import json
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from local.stack import exports
from local.stack.settings import Settings
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS

REPO = Path(__file__).parents[2]


def built(tmp_path: Path, **environ: str) -> dict[str, str]:
    return exports.build(Settings.from_env(environ, home=tmp_path), tmp_path / "sockets")


def test_names_that_others_rely_on(tmp_path: Path) -> None:
    found = built(tmp_path)
    assert found["STORAGE_EMULATOR_HOST"] == "http://127.0.0.1:14443"
    assert found["BIGQUERY_EMULATOR_HOST"] == "http://127.0.0.1:19050"
    assert found["STORAGE_WITHOUT_FRONT"] == "http://127.0.0.1:14449"
    assert found["BIGQUERY_WITHOUT_FRONT"] == "http://127.0.0.1:19059"
    assert found["STORAGE_AS_RECEIVER"] == "http://127.0.0.1:14444"
    assert found["WEBHOOK_URL"] == "http://127.0.0.1:18081/"
    assert found["TINY_SIMULATOR_URL"] == "http://127.0.0.1:18080"
    assert found["GOOGLE_CLOUD_PROJECT"] == "z316-local"
    assert json.loads(found["AIRFLOW_CONN_TINY_Z316"])["host"] == "http://127.0.0.1:18080/api2/"
    assert "AIRFLOW_CONN_AIRFLOW_API" not in found


def test_the_connection_asks_for_what_the_simulator_grants(tmp_path: Path) -> None:
    usual = json.loads(built(tmp_path)["AIRFLOW_CONN_TINY_Z316"])["extra"]
    assert usual == {"requests_per_minute": 1200, "share": 0.9}
    slow = built(tmp_path, TINY_PER_MINUTE="60", TINY_SHARE_PERCENT="100")
    assert json.loads(slow["AIRFLOW_CONN_TINY_Z316"])["extra"] == {"requests_per_minute": 60, "share": 1.0}


def test_airflow_3_gets_a_connection_to_its_own_api(tmp_path: Path) -> None:
    found = built(tmp_path, AIRFLOW="3", AIRFLOW_PORT="12345")
    connection = json.loads(found["AIRFLOW_CONN_AIRFLOW_API"])
    assert (connection["conn_type"], connection["host"], connection["port"]) == ("http", "127.0.0.1", 12345)
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:12345/execution/"


def test_the_same_loggers_are_quiet_here_in_containers_and_in_production(tmp_path: Path) -> None:
    name = "AIRFLOW__LOGGING__NAMESPACE_LEVELS"
    quiet = built(tmp_path, AIRFLOW="3")[name]
    platform = yaml.safe_load((REPO / "deploy/platform.yaml").read_text())
    compose = yaml.safe_load((REPO / "docker-compose.yaml").read_text())
    assert platform["airflow_3"]["logging-namespace_levels"] == quiet
    (container,) = {
        service["environment"][name]
        for service in compose["services"].values()
        if name in service.get("environment", ())
    }
    assert container == quiet
    assert "," not in quiet, "gcloud takes it for the next setting"
    assert name not in built(tmp_path), "Airflow 2.11 has no such setting"


@pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="Airflow 2.11 has no such setting")
def test_the_loggers_that_are_quiet_are_modules_that_say_these_lines(tmp_path: Path) -> None:
    quiet = built(tmp_path, AIRFLOW="3")["AIRFLOW__LOGGING__NAMESPACE_LEVELS"]
    names = [each.removesuffix("=WARNING") for each in quiet.split()]
    texts = [Path(getattr(find_spec(name), "origin", "")).read_text() for name in names]
    lines = ("Checking for existence", "sleeping 1 second", "DAG bundles loaded", "Filling up the DagBag")
    assert [line in text for line, text in zip(lines, texts, strict=True)] == [True] * 4


def test_keys_stay_and_are_of_each_state_folder(tmp_path: Path) -> None:
    name = "AIRFLOW__CORE__FERNET_KEY"
    assert built(tmp_path / "a")[name] == built(tmp_path / "a")[name] != built(tmp_path / "b")[name]


def test_users_airflow_setting_wins_but_not_his_airflow_home(tmp_path: Path) -> None:
    found = built(tmp_path, AIRFLOW__CORE__PARALLELISM="2", AIRFLOW_HOME="/home/maria/airflow")
    assert found["AIRFLOW__CORE__PARALLELISM"] == "2"
    assert found["AIRFLOW_HOME"] == str(tmp_path / "airflow-2.11")


def test_users_google_project_is_left_out_of_the_emulators(tmp_path: Path) -> None:
    real = {"GOOGLE_CLOUD_PROJECT": "a-real-one", "GOOGLE_APPLICATION_CREDENTIALS": "/home/maria/key.json"}
    found = built(tmp_path, **real)
    assert found["GOOGLE_CLOUD_PROJECT"] == "z316-local"
    assert found["GOOGLE_APPLICATION_CREDENTIALS"] == str(tmp_path / "google-credentials.json")
    assert real.items() <= built(tmp_path, **real, BIGQUERY_EMULATOR_HOST="http://elsewhere").items()


def test_secret_of_the_receiver_is_in_its_address(tmp_path: Path) -> None:
    found = built(tmp_path, WEBHOOK_SECRETS="first-of-two-secrets,second-of-two-secrets")
    assert found["WEBHOOK_URL"].endswith("/first-of-two-secrets")


@pytest.mark.parametrize(
    "value", ["plain", "two words", "it's", 'say "x"', "$HOME `id` \\", "a\nb", "Empório"]
)
def test_shell_reads_each_value_as_it_is(tmp_path: Path, value: str) -> None:
    file = tmp_path / "env"
    file.write_text(exports.render({"VALUE": value}, Path("/opt/some where/bin")))
    script = f'. "{file}"; printf %s "$VALUE"; printf "|%s" "$PATH"'
    reported = subprocess.run(
        ["sh", "-c", script], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert reported.stdout == f"{value}|/opt/some where/bin:/usr/bin:/bin"


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    settings = Settings.from_env({"AIRFLOW": "3"}, home=tmp_path)
    exports.build(settings, tmp_path)
    exports.write_files(settings)
    for path in (
        exports.credentials_file(settings),
        exports.passwords_file(settings),
        tmp_path / "keys.json",
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
