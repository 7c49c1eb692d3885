"""What Terraform would create, as the real Terraform plans it: for one store, for three, and with other settings.

The providers' resources are stand-ins, so that no provider is needed: see `deploy/terraform_check/standin.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.terraforming import PROJECT, REPO, Planned, a_store, needs_terraform, planned
from tiny_operators.lake import names
from tiny_operators.lake.buckets import expiry_rules
from tiny_operators.stores import Store, dag_kinds, load_stores
from tiny_operators.warehouse.datasets import datasets_of

pytestmark = needs_terraform

AIRFLOW = f"tiny-airflow@{PROJECT}.iam.gserviceaccount.com"
RECEIVER = f"serviceAccount:tiny-webhook@{PROJECT}.iam.gserviceaccount.com"
HOURS = "mon-sat 09:00-19:00"
THREE = [
    a_store("ab", 1),
    a_store("cd", 2, opening_hours=HOURS, quiet_minutes=45, waiting_minutes=30, location="us-east1"),
    a_store("ef", 3, opening_hours=HOURS, report_dataset="reports_of_ef", keys_dataset="keys_of_ef"),
]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return planned(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    more = {
        "alert_emails": ["ops@example.com", "owner@example.com"],
        "readers": ["group:relatorios@example.com", "user:ana@example.com"],
        "personal_readers": ["user:eva@example.com"],
        "billing_account": "012345-6789AB-CDEF01",
        "budget": 4321,
        "image": "composer-3-airflow-3.1.7-build.1",
        "keep_days": {"deleted_objects": 14, "airflow_runs": 90, "snapshots": 10},
    }
    return planned(tmp_path_factory.mktemp("three"), stores=THREE, settings=more)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    """The three, as the pipeline reads them."""
    path = tmp_path_factory.mktemp("stores") / "stores.yaml"
    path.write_text(json.dumps({"stores": THREE}))
    return load_stores(path)


def datasets(plan: Planned) -> dict[str, Any]:
    return {value["dataset_id"]: value for value in plan.of("google_bigquery_dataset").values()}


def access(dataset: dict[str, Any]) -> set[tuple[str, str]]:
    """Who may what, without the views."""
    whom = ("special_group", "user_by_email", "group_by_email")
    return {(a["role"], a[k]) for a in dataset["access"] if "role" in a for k in whom if a.get(k)}


def views(dataset: dict[str, Any]) -> set[str]:
    inner = [a["dataset"][0] for a in dataset["access"] if a.get("dataset")]
    assert all(d["target_types"] == ["VIEWS"] and d["dataset"][0]["project_id"] == PROJECT for d in inner)
    return {d["dataset"][0]["dataset_id"] for d in inner}


def buckets(plan: Planned) -> dict[str, Any]:
    return {value["name"]: value for value in plan.of("google_storage_bucket").values()}


def test_one_store_gets_what_setup_would_give_it(one: Planned) -> None:
    (store,) = load_stores()
    found = datasets(one)
    assert set(found) == {wanted.name for wanted in datasets_of(store)}
    for wanted in datasets_of(store):
        assert found[wanted.name].get("default_table_expiration_ms") == wanted.expires_ms
        assert views(found[wanted.name]) == set(wanted.read_by)
        assert access(found[wanted.name]) == {("OWNER", "projectOwners"), ("OWNER", AIRFLOW)}
    assert {store.webhook_bucket, store.api_bucket} <= set(buckets(one))


def test_the_numbers_of_the_readme(one: Planned) -> None:
    text = (REPO / "deploy" / "README.md").read_text()
    resources = [name for name in one.values if not name.startswith("data__")]
    assert f"`Plan: {len(resources)} to add, 0 to change, 0 to destroy`" in text
    assert f"alerts: {len(one.of('google_monitoring_alert_policy'))} conditions" in text


def test_three_stores_get_as_much_each(three: Planned, stores: list[Store]) -> None:
    found = datasets(three)
    assert set(found) == {wanted.name for store in stores for wanted in datasets_of(store)}
    for store in stores:
        for wanted in datasets_of(store):
            assert found[wanted.name]["location"] == store.location
            assert views(found[wanted.name]) == set(wanted.read_by)
        for name in (store.webhook_bucket, store.api_bucket):
            assert buckets(three)[name]["location"] == store.location
    assert [store.report_dataset for store in stores] == [
        "ab_tiny_relatorios",
        "cd_tiny_relatorios",
        "reports_of_ef",
    ]


def test_stores_may_share_the_dataset_of_staging_tables(tmp_path: Path) -> None:
    shared = [
        a_store(prefix, number, staging_dataset="staging") for number, prefix in enumerate(("ab", "cd"))
    ]
    assert len(datasets(planned(tmp_path, stores=shared))) == 9


def test_readers_read_the_reports_and_nothing_else(three: Planned, stores: list[Store]) -> None:
    owners = {("OWNER", "projectOwners"), ("OWNER", AIRFLOW)}
    for store in stores:
        found = {
            name: access(datasets(three)[name]) - owners for name in (w.name for w in datasets_of(store))
        }
        assert found.pop(store.report_dataset) == {
            ("READER", "relatorios@example.com"),
            ("READER", "ana@example.com"),
        }
        assert found.pop(store.personal_dataset) == {("READER", "eva@example.com")}
        assert set().union(*found.values()) == set()
    roles = three.of("google_project_iam_member").items()
    assert {value["member"] for name, value in roles if name.startswith("reader")} == {
        "group:relatorios@example.com",
        "user:ana@example.com",
        "user:eva@example.com",
    }


def test_every_bucket_is_closed(one: Planned, three: Planned) -> None:
    for plan, number in ((one, 5), (three, 9)):
        assert len(buckets(plan)) == number
        for bucket in buckets(plan).values():
            assert bucket["uniform_bucket_level_access"] is True
            assert bucket["public_access_prevention"] == "enforced"
    for kind, others in (("inbox", {("roles/storage.objectCreator", RECEIVER)}), ("api", set())):
        policy = three.values[f"data__google_iam_policy__{kind}"]["binding"]
        owner = f"projectOwner:{PROJECT}"
        assert {(b["role"], m) for b in policy for m in b["members"]} == others | {
            ("roles/storage.legacyBucketOwner", owner),
            ("roles/storage.legacyObjectOwner", owner),
        }
        held = {
            v["bucket"] for n, v in three.of("google_storage_bucket_iam_policy").items() if n.startswith(kind)
        }
        assert held == {store["webhook_bucket" if kind == "inbox" else "api_bucket"] for store in THREE}


KEY = "z316_webhook_0123456789ab"
KEPT = (
    names.raw_orders_object("r", "2026-11-26", 0),
    names.raw_search_object(KEY, "2026-11-26", "u"),
    names.raw_product_object("2026-11-26", 1),
    names.done_object("a.json", 1, "2026-11-26"),
    names.rejected_object("a.json", 1, "2026-11-26"),
    names.rejects_object(KEY, "2026-11-26"),
    names.customer_key_object("z316"),
    names.forgotten_key_object("z316"),
    names.fields_object("z316"),
    names.account_object("z316"),
    names.blanked_object("z316"),
    names.listed_elsewhere_object("z316", "2026-11-26"),
    names.waiting_files_object("z316"),
    names.silent_products_object("z316"),
    names.silent_dates_object("z316"),
    names.live_waits_object("z316"),
    names.older_layout_prefix("2026-11-26"),
    names.forgotten_object("z316"),
)
GOES = (
    names.rows_object("pdv", KEY),
    names.plan_object(KEY),
    names.outcome_object(KEY),
    names.search_object(KEY),
    names.date_plan_object("z316_daily_0123456789ab", "2026-11-26"),
    names.unanswered_object("z316_reconcile_0123456789ab", "2026-11-26", 0),
    names.plan_object("z316_replay_0123456789ab"),
    names.put_back_object("z316_put_back_0123456789ab"),
    names.people_request_prefix("forget"),
    names.people_request_prefix("show"),
    names.found_people_object("z316_forget_0123456789ab"),
    names.shown_person_object("z316_show_0123456789ab", 1),
)


def test_only_what_can_be_made_again_is_ever_deleted(one: Planned) -> None:
    (store,) = load_stores()
    rules = buckets(one)[store.api_bucket]["lifecycle_rule"]
    deleted = [
        p for r in rules if r["action"][0]["type"] == "Delete" for p in r["condition"][0]["matches_prefix"]
    ]
    assert [name for name in KEPT if name.startswith(tuple(deleted))] == []
    assert [name for name in GOES if not name.startswith(tuple(deleted))] == []
    assert "lifecycle_rule" not in buckets(one)[store.webhook_bucket]


def test_files_expire_as_setup_lets_them(
    one: Planned, three: Planned, stores: list[Store], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of a store that keeps all for good, of one that keeps nothing for good, and of each setting alone."""
    kept = [a_store("gh", 7), a_store("ij", 8, keep_raw_days=2192, keep_rejects_days=365, keep_rows_days=30)]
    kept += [a_store("kl", 9, keep_rejects_days=31), a_store("mn", 10, keep_raw_days=31)]
    path = tmp_path_factory.mktemp("kept") / "stores.yaml"
    path.write_text(json.dumps({"stores": kept}))
    plan = planned(tmp_path_factory.mktemp("expiry"), stores=kept)
    for found, plans in ((load_stores(), one), (stores, three), (load_stores(path), plan)):
        for store in found:
            rules = [
                (rule["condition"][0]["age"], sorted(rule["condition"][0]["matches_prefix"]))
                for rule in buckets(plans)[store.api_bucket]["lifecycle_rule"]
                if rule["action"][0]["type"] == "Delete"
            ]
            wanted = [rule["condition"] for rule in expiry_rules(store, dag_kinds())]
            assert sorted(rules) == sorted((on["age"], sorted(on["matchesPrefix"])) for on in wanted)


def test_defaults_of_stores_are_those_of_the_pipeline(one: Planned) -> None:
    """Terraform must know some of them, and cannot ask."""
    defaults = {field.name: field.default for field in fields(Store)}
    alert = one.of("google_monitoring_alert_policy")['number["waiting z316"]']
    assert alert["conditions"][0]["condition_threshold"][0]["threshold_value"] == defaults["waiting_minutes"]


def test_people_are_told_by_each_stores_own_limits(three: Planned) -> None:
    found = three.of("google_monitoring_alert_policy")
    limits = {
        name: alert["conditions"][0]["condition_threshold"][0]["threshold_value"]
        for name, alert in found.items()
        if name.startswith(('number["waiting', 'number["quiet'))
    }
    assert limits == {
        'number["waiting ab"]': 60,
        'number["waiting cd"]': 30,
        'number["waiting ef"]': 60,
        # Without opening hours nobody expects webhooks.
        'number["quiet cd"]': 45,
        'number["quiet ef"]': 120,
    }
    assert all(len(alert["notification_channels"]) == 2 for alert in found.values())
    assert {name for name in found if name.startswith("unwatched")} == {
        f'unwatched["{s["prefix"]}"]' for s in THREE
    }


def test_code_and_snapshots_are_closed_to_basic_roles(three: Planned) -> None:
    """Google gives each new bucket's legacy roles to viewers and editors of the project; snapshots hold passwords."""
    bindings = three.of("google_storage_bucket_iam_binding").values()
    closed = {(binding["bucket"], binding["role"]) for binding in bindings}
    names = {f"{PROJECT}-tiny", f"{PROJECT}-tiny-snapshots", f"{PROJECT}-tiny-sources"}
    kinds = ("legacyBucketReader", "legacyBucketOwner", "legacyObjectReader", "legacyObjectOwner")
    assert closed == {(name, f"roles/storage.{kind}") for name in names for kind in kinds}
    assert all(binding["members"] == [f"projectOwner:{PROJECT}"] for binding in bindings)


def test_the_environment_is_small_and_has_what_the_pipeline_needs(one: Planned, three: Planned) -> None:
    (before,), (after,) = (plan.of("google_composer_environment").values() for plan in (one, three))
    config = before["config"][0]
    assert config["environment_size"] == "ENVIRONMENT_SIZE_SMALL"
    assert config["node_config"] == [{"service_account": AIRFLOW}]
    assert config["workloads_config"][0]["triggerer"][0]["count"] == 1
    software, later = config["software_config"][0], after["config"][0]["software_config"][0]
    assert software["image_version"] == "composer-3-airflow-2.11.1"
    assert set(later["airflow_config_overrides"]) - set(software["airflow_config_overrides"]) == {
        "workers-secrets_backend",
        "workers-min_heartbeat_interval",
        "logging-namespace_levels",
    }
    assert "apache-airflow" not in software["pypi_packages"]
    assert software["pypi_packages"]["google-cloud-storage"] == ">=2.19.0"
    assert software["pypi_packages"]["requests"] == ""
    retention = after["config"][0]["data_retention_config"][0]["airflow_metadata_retention_config"][0]
    assert retention["retention_days"] == 90


def test_the_receiver_is_bounded_and_has_each_stores_secret(three: Planned) -> None:
    (function,) = three.of("google_cloudfunctions2_function").values()
    service = function["service_config"][0]
    assert (service["min_instance_count"], service["max_instance_count"]) == (1, 3)
    # Of what it takes itself some are left: it answers them 503, while Google would let them wait.
    connections = int(
        re.findall(r'"WEBHOOK_CONNECTIONS", (\d+)', (REPO / "webhook/settings.py").read_text())[0]
    )
    assert service["max_instance_request_concurrency"] == 250 < connections
    secrets = {found["key"]: found["secret"] for found in service["secret_environment_variables"]}
    assert secrets == {
        f"WEBHOOK_SECRETS_{s['prefix'].upper()}": f"tiny-webhook-secrets-{s['prefix']}" for s in THREE
    }
    sources = {found["filename"] for found in three.values["data__archive_file__receiver"]["source"]}
    program = {f"webhook/{path.name}" for path in (REPO / "webhook").glob("*.py")}
    assert "webhook/__main__.py" in program
    assert sources == {*program, "main.py", "requirements.txt", "webhook/stores.yaml"}


def test_addresses_of_webhooks_are_not_logged(one: Planned) -> None:
    (exclusion,) = one.of("google_logging_project_exclusion").values()
    (function,) = one.of("google_cloudfunctions2_function").values()
    assert f'service_name="{function["name"]}"' in exclusion["filter"]
    assert 'log_id("run.googleapis.com/requests")' in exclusion["filter"]


def test_a_budget_is_made_where_there_is_a_billing_account(one: Planned, three: Planned) -> None:
    assert one.of("google_billing_budget") == {}
    (budget,) = three.of("google_billing_budget").values()
    assert budget["amount"][0]["specified_amount"][0] == {"units": "4321"}
    assert len(budget["all_updates_rule"][0]["monitoring_notification_channels"]) == 2
    apis = {value["service"] for value in three.of("google_project_service").values()}
    assert "billingbudgets.googleapis.com" in apis
    assert "billingbudgets.googleapis.com" not in {
        v["service"] for v in one.of("google_project_service").values()
    }


def test_queries_are_bounded(one: Planned) -> None:
    (quota,) = one.of("google_cloud_quotas_quota_preference").values()
    assert quota["quota_config"] == [{"preferred_value": 200 * 1024}]


def test_names_that_google_takes(three: Planned) -> None:
    for name in buckets(three):
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name), name
    for value in three.of("google_logging_metric").values():
        assert re.fullmatch(r"[\w/.-]{1,100}", value["name"])
    for value in three.of("google_service_account").values():
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", value["account_id"])


def test_a_budget_tells_people_where_somebody_is_named(tmp_path: Path) -> None:
    """Without an address there is no such block; of many, Google takes five."""
    for number, reported in ((0, []), (1, [1]), (3, [3]), (7, [5])):
        emails = [f"ops{n}@example.com" for n in range(number)]
        folder = tmp_path / str(number)
        folder.mkdir()
        chosen = {"billing_account": "012345-6789AB-CDEF01", "alert_emails": emails}
        (budget,) = planned(folder, settings=chosen).of("google_billing_budget").values()
        assert [
            len(rule["monitoring_notification_channels"]) for rule in budget["all_updates_rule"]
        ] == reported
