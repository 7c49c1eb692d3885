"""What all tests share: an Airflow of their own, and the emulators with the Tiny simulator, over HTTP."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

from tests.dates import free_day
from tests.emulator import drop_results, drop_tables
from tests.environment import AIRFLOW, CLEAN_ENVIRONMENT

if TYPE_CHECKING:
    from xdist.remote import Producer

    from local.demo.parts import Simulator, Warehouse
    from tiny_operators.stores import Store

REPO = Path(__file__).resolve().parents[1]
(REPO / ".local").mkdir(exist_ok=True)
# Sessions that come one after the other may share a home, with the stack that was started in it: tests/reverts.
_SHARED = os.environ.get("TESTS_HOME", "")
HOME = Path(_SHARED or tempfile.mkdtemp(prefix=f"test-{AIRFLOW}-", dir=REPO / ".local"))

# Airflow reads these when it is imported, so they are set before any test module is.
os.environ.update({
    "AIRFLOW": AIRFLOW,
    "AIRFLOW_HOME": str(HOME / "airflow"),
    # Half a minute by itself: too little on a machine that does other work.
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(REPO / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPO / "plugins"),
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow/airflow.db",
    "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
    "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps({
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": "z316-local"},
    }),
    "GOOGLE_CLOUD_PROJECT": "z316-local",
    "PYTHONPATH": f"{REPO / 'plugins'}:{REPO}",
    "SCARF_ANALYTICS": "false",
})


_SCHEDULER_TESTS = "tests/e2e/"


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist says nothing about its types
    """Tests of one file run in one process, and all that drive the real scheduler, since they share a stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return _SCHEDULER_TESTS if file.startswith(_SCHEDULER_TESTS) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


# What these tests look at is no part of Airflow and imports none: SQL, the receiver, the simulator, the strict front.
_ONCE = (
    "tests/benchmarks/",
    "tests/component/test_check.py",
    "tests/component/test_large_batch.py",
    "tests/component/test_merge.py",
    "tests/component/views/",
    "tests/deploy/",
    "tests/docs/",
    "tests/report_page/",
    "tests/reverts/",
    "tests/simulator/",
    "tests/strict_front/",
    "tests/tiny_operators/orders/",
    "tests/tiny_operators/tiny/",
    "tests/webhook/",
)


# Minutes each, and what they show is shown in small by others: `make test` runs them, CI does not.
_LONG = (
    "tests/component/provision/",
    "tests/component/test_airflow_2_to_3.py::test_nothing_is_lost_or_doubled_by_a_move_there_and_back[merge]",
    "tests/component/test_airflow_2_to_3.py::test_nothing_is_lost_or_doubled_by_a_move_there_and_back[plan]",
    "tests/component/test_airflow_2_to_3.py::test_nothing_is_lost_or_doubled_by_a_move_there_and_back[rows]",
    "tests/component/test_every_effect.py",
    "tests/component/test_forget.py::test_a_run_that_dies",
    "tests/component/test_forget.py::test_people_are_forgotten_everywhere_and_for_good",
    "tests/component/test_google_faults.py",
    "tests/component/test_large_batch.py",
    "tests/component/test_listed_dates.py::test_an_order_whose_date_is_edited",
    "tests/component/test_listed_dates.py::test_the_rows_of_an_order_registered_later",
    "tests/component/test_memory.py",
    "tests/component/test_replay_rejects.py::test_a_replay_dates_no_reject_anew",
    "tests/component/test_replay_slices.py",
    "tests/component/test_silence.py::test_a_request_that_tiny_refuses_keeps_no_other_out[order-10]",
    "tests/component/test_silence.py::test_a_request_that_tiny_refuses_keeps_no_other_out[product-10]",
    "tests/component/test_silence.py::test_a_request_that_tiny_refuses_keeps_no_other_out[search-10]",
    "tests/component/test_silence.py::test_a_silent_product_is_asked_once_for_all_orders_that_have_it[10]",
    "tests/component/test_silence.py::test_a_silent_product_is_remembered_and_asked_for_after_a_pause[10]",
    "tests/component/test_silence.py::test_a_silent_product_is_remembered_and_asked_for_after_a_pause[3]",
    "tests/component/test_silence.py::test_every_good_order_is_loaded_by_the_first_run[product-10]",
    "tests/component/test_silence.py::test_every_good_order_is_loaded_by_the_first_run[product-3]",
    "tests/component/test_silence.py::test_silent_ones_at_each_place",
    "tests/component/test_silent_dates.py::test_the_other_dates_are_planned_wherever_the_silent_ones_stand[10-starts2]",
    "tests/component/test_two_stores.py::test_trouble_of_one_store_does_not_touch_the_other[dead-b2]",
    "tests/component/test_two_stores.py::test_trouble_of_one_store_does_not_touch_the_other[dead-z316]",
    "tests/component/test_two_stores.py::test_trouble_of_one_store_does_not_touch_the_other[throttled-z316]",
    "tests/component/test_two_stores.py::test_trouble_of_one_store_does_not_touch_the_other[wrong token-b2]",
    "tests/component/test_two_stores.py::test_trouble_of_one_store_does_not_touch_the_other[wrong token-z316]",
    "tests/component/test_webhook_files.py::test_what_is_done_of_a_file_that_waits_is_done_once[silent0]",
    "tests/component/test_webhook_files.py::test_what_is_done_of_a_file_that_waits_is_done_once[silent1]",
    "tests/component/test_webhook_files.py::test_what_is_done_of_a_file_that_waits_is_done_once[silent2]",
    "tests/dags/test_lineage.py",
    "tests/deploy/test_gcloud_script.py::test_gcloud_takes_every_command",
    "tests/deploy/test_rehearse.py::test_a_rehearsal_that_is_ended",
    "tests/deploy/test_rehearse.py::test_many_broken_things",
    "tests/deploy/test_rehearse.py::test_scratch_things_can_be_kept",
    "tests/e2e/test_forget.py",
    "tests/e2e/test_history.py::test_dropped_tables",
    "tests/e2e/test_history.py::test_the_same_days_again",
    "tests/e2e/test_kills.py",
    "tests/e2e/test_live_path.py::test_a_burst",
    "tests/e2e/test_page_in_ui.py",
    "tests/e2e/test_two_stores.py",
    "tests/e2e/test_ui.py",
    "tests/stack/test_containers.py",
    "tests/webhook/test_description.py::test_answers_are_as_described[many]",
    "tests/webhook/test_fuzz.py::test_mutated_bodies[10000]",
)


# Thousands of inputs each, drawn or made: `make quick` leaves them out.
_EXHAUSTIVE = (
    "tests/tiny_operators/orders/test_disguised_answers.py",
    "tests/tiny_operators/orders/test_mutated_answers.py",
    "tests/tiny_operators/orders/test_pedido_obter.py::test_both_services",
    "tests/tiny_operators/orders/test_webhooks.py::test_ten_thousand",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest part, the tests that drive the real scheduler, begins first."""
    for item in items:
        if item.nodeid.startswith(_ONCE):
            item.add_marker("once")
        if item.nodeid.startswith(_LONG):
            item.add_marker("long")
        if item.nodeid.startswith(_EXHAUSTIVE):
            item.add_marker("exhaustive")
    items.sort(key=lambda item: not item.nodeid.startswith(_SCHEDULER_TESTS))


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    if not _SHARED:
        shutil.rmtree(HOME, ignore_errors=True)


_MANY_TABLES = 20


@pytest.fixture(scope="session")
def clean_environment() -> dict[str, str]:
    """The user's environment, without services and without what this session set for its own Airflow."""
    return CLEAN_ENVIRONMENT


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """An Airflow database of this test session, for what needs one."""
    # The database's own file says nothing: whoever connects to it creates an empty one.
    migrated = HOME / "airflow" / "migrated"
    if not migrated.exists():
        subprocess.run(
            [str(Path(sys.executable).with_name("airflow")), "db", "migrate"],
            check=True,
            capture_output=True,
            timeout=300,
        )
        migrated.touch()
    if AIRFLOW == "2.11":
        # A run that is made twice is deleted first, for which all tables must be known, also that of the users.
        importlib.import_module("airflow.providers.fab.auth_manager.models")


@pytest.fixture(scope="session")
def emulators(clean_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Object store, BigQuery, Tiny simulator and receiver, each a real process on a free port; their addresses are
    set in this process's environment, where the unmodified clients find them."""
    from local.stack.launcher import running, up
    from local.stack.settings import EMULATORS, Settings

    def quietly(text: str) -> None:
        pass

    settings = Settings.from_env(clean_environment, home=HOME / "stack", parts=EMULATORS, free_ports=True)
    with nullcontext(up(settings, say=quietly)) if _SHARED else running(settings, say=quietly) as stack:
        before = dict(os.environ)
        os.environ.update(stack.env)
        yield dict(stack.env)
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def dags(airflow_database: None) -> Any:
    """The project's DAGs by id, as Airflow parses them."""
    try:
        module = importlib.import_module("airflow.dag_processing.dagbag")
    except ImportError:
        module = importlib.import_module("airflow.models.dagbag")
    bag = module.DagBag(dag_folder=str(REPO / "dags"))
    assert bag.import_errors == {}
    return bag.dags


@pytest.fixture(scope="session")
def store(emulators: dict[str, str], airflow_database: None) -> Store:
    """The store, with its buckets, datasets and tables made, and its pools where Airflow's database is at hand."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, ensure_pool
    from tiny_operators.lake.objects import Objects
    from tiny_operators.operators.account import AccountOperator
    from tiny_operators.setup.provision import create_missing
    from tiny_operators.stores import load_stores

    found = load_stores()[0]
    bigquery = BigQueryHook(location=found.location, use_legacy_sql=False).get_client()
    create_missing(found, GCSHook().get_conn(), bigquery)
    # The day's check of the token, so that no test has its call among those that it counts.
    AccountOperator(task_id="store", store=found).tiny(Objects(GCSHook().get_conn(), found.api_bucket))
    if not AIRFLOW_V_3_0_PLUS:
        for name, description in found.pools.items():
            ensure_pool(name, 1, description)
    return found


@pytest.fixture
def warehouse(store: Store) -> Warehouse:
    """The store's buckets and tables, with an empty inbox."""
    from google.cloud.storage.retry import DEFAULT_RETRY

    from local.demo.parts import Warehouse

    found = Warehouse("z316-local", store.webhook_bucket, store.api_bucket, store.dataset)
    bucket = found.storage_client().bucket(found.webhook_bucket)
    for name in found.waiting():
        # The test before may have changed it within this second: Cloud Storage then refuses for a moment.
        bucket.blob(name).delete(retry=DEFAULT_RETRY)
    return found


@pytest.fixture
def simulator(emulators: dict[str, str]) -> Iterator[Simulator]:
    """The simulator, of which no call was counted yet; what the test sets there is taken back."""
    from local.demo.parts import Simulator

    found = Simulator(emulators["TINY_SIMULATOR_URL"])
    before = found.settings()
    found.forget_calls()
    yield found
    found.set(**before)
    found.no_faults()


@pytest.fixture
def day() -> date:
    """A date that no other test uses, like the two after it."""
    return free_day()


@pytest.fixture(autouse=True)
def light_emulator(request: pytest.FixtureRequest) -> Iterator[None]:
    """The emulator keeps neither results of jobs nor many staging tables."""
    yield
    if "emulators" not in request.fixturenames:
        return
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client

    # Tidying up is no business of the strict front.
    client = Client(
        project="z316-local",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": os.environ["BIGQUERY_WITHOUT_FRONT"]},
    )
    drop_results(client)
    if "store" in request.fixturenames:
        drop_tables(client, request.getfixturevalue("store").staging_dataset, more_than=_MANY_TABLES)
