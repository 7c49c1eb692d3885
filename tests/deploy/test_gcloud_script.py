"""The script for people without Terraform: gcloud takes its commands, and it creates what Terraform would."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from deploy import settings as deploy_settings
from deploy.gcloud_script.__main__ import main
from tests.deploy.terraforming import PROJECT, REPO, Planned, a_store, needs_terraform, planned
from tiny_operators import stores

_SIGNS: Final = "|;{}<>&()"
SETTINGS: Final = {
    "readers": ["group:relatorios@example.com"],
    "personal_readers": ["user:eva@example.com"],
    "billing_account": "012345-6789AB-CDEF01",
}
THREE: Final = [a_store("ab", 1), a_store("cd", 2, location="us-east1"), a_store("ef", 3)]


def script(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["--project", PROJECT]) == 0
    return capsys.readouterr().out


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three stores, readers and a budget."""
    (tmp_path / "stores.yaml").write_text(yaml.safe_dump({"stores": THREE}))
    monkeypatch.setattr(stores, "_INCLUDE_CANDIDATES", (tmp_path,))
    for name in ("settings.yaml", "platform.yaml"):
        shutil.copy(REPO / "deploy" / name, tmp_path)
    own = yaml.safe_load((tmp_path / "settings.yaml").read_text()) | SETTINGS
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(own))
    monkeypatch.setattr(deploy_settings, "_HERE", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return planned(tmp_path_factory.mktemp("plan"), stores=THREE, settings=SETTINGS)


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a script, each as its words."""
    for line in text.splitlines():
        # The budget is there to be run by hand.
        lexer = shlex.shlex(re.sub("^# (?=gcloud)", "", line), posix=True, punctuation_chars=_SIGNS)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word and set(word) <= set(_SIGNS):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def gcloud(text: str, *verb: str) -> list[dict[str, str]]:
    """The commands of a kind: their flags, and the first other word as ``""``."""
    found = []
    for words in commands(text):
        if words[: len(verb) + 1] == ["gcloud", *verb]:
            rest = words[len(verb) + 1 :]
            flags = dict(word[2:].split("=", 1) for word in rest if re.match("--[a-z-]+=", word))
            pairs = {a[2:]: b for a, b in pairwise(rest) if a.startswith("--") and "=" not in a}
            found.append({"": rest[0] if rest and not rest[0].startswith("-") else "", **pairs, **flags})
    return found


def test_it_is_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(["bash", "-n"], input=script(capsys), text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
@pytest.mark.usefixtures("chosen")
def test_gcloud_takes_every_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nobody is signed in, so each ends before it asks Google; a word that gcloud does not know, it names before that."""
    text = script(capsys)
    kinds = {
        tuple(re.sub(r"=.*", "", word) for word in words if not re.search("[@:/]|^(ab|cd|ef)", word)): words
        for words in commands(text)
        if words[0] == "gcloud"
    }
    assert len(kinds) > 25
    env = {**os.environ, "CLOUDSDK_CONFIG": str(tmp_path), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}

    def said(words: list[str]) -> str:
        filled = [word.replace("$RULES", os.devnull).replace("$PACKAGES", os.devnull) for word in words]
        done = subprocess.run(
            filled, env=env, capture_output=True, text=True, check=False, input="x", timeout=120
        )
        assert done.returncode != 0, words
        return done.stderr

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(said, kinds.values()))
    signed_out = ("active account", "credentials", "gcloud auth login")
    assert [answer for answer in answers if not any(words in answer for words in signed_out)] == []


@needs_terraform
@pytest.mark.usefixtures("chosen")
def test_accounts_and_roles_are_those_of_terraform(capsys: pytest.CaptureFixture[str], plan: Planned) -> None:
    text = script(capsys)
    given = {(c["member"], c["role"]) for c in gcloud(text, "projects", "add-iam-policy-binding")}
    assert given == {(v["member"], v["role"]) for v in plan.of("google_project_iam_member").values()}
    made = {c[""] for c in gcloud(text, "iam", "service-accounts", "create")}
    assert made == {v["account_id"] for v in plan.of("google_service_account").values()}
    apis = next(words for words in commands(text) if words[:3] == ["gcloud", "services", "enable"])
    assert {w for w in apis if w.endswith(".googleapis.com")} == {
        v["service"] for v in plan.of("google_project_service").values()
    }
    on_secrets = {(c[""], c["member"], c["role"]) for c in gcloud(text, "secrets", "add-iam-policy-binding")}
    assert len(on_secrets) == 2 * len(THREE)
    secrets = {value["secret_id"] for value in plan.of("google_secret_manager_secret").values()}
    assert (
        {secret for secret, _, _ in on_secrets}
        == secrets
        == {c[""] for c in gcloud(text, "secrets", "create")}
    )
    members = {value["member"] for value in plan.of("google_secret_manager_secret_iam_member").values()}
    assert {member for _, member, _ in on_secrets} == members


@needs_terraform
@pytest.mark.usefixtures("chosen")
def test_buckets_are_those_of_terraform(capsys: pytest.CaptureFixture[str], plan: Planned) -> None:
    text = script(capsys)
    made = {c[""].removeprefix("gs://"): c["location"] for c in gcloud(text, "storage", "buckets", "create")}
    wanted = {v["name"]: v["location"] for v in plan.of("google_storage_bucket").values()}
    # Terraform keeps the receiver's source in one; gcloud in Google's.
    del wanted[f"{PROJECT}-tiny-sources"]
    assert made == wanted
    closed = [c[""] for c in gcloud(text, "storage", "buckets", "remove-iam-policy-binding")]
    assert sorted(closed) == sorted(f"gs://{name}" for name in made for _ in range(4))
    rules = [json.loads(found) for found in re.findall(r"echo '(\{\"lifecycle\".*?)' >", text)]
    planned_rules = [
        v["lifecycle_rule"] for v in plan.of("google_storage_bucket").values() if "lifecycle_rule" in v
    ]
    assert sorted(map(str, map(ages, rules))) == sorted(
        str(terraformed_ages(found)) for found in planned_rules
    )


def ages(rules: dict[str, Any]) -> list[tuple[str, int, list[str]]]:
    found = [(rule["action"]["type"], rule["condition"]) for rule in rules["lifecycle"]["rule"]]
    return sorted((kind, on["age"], sorted(on.get("matchesPrefix", ()))) for kind, on in found)


def terraformed_ages(rules: list[dict[str, Any]]) -> list[tuple[str, int, list[str]]]:
    found = [(rule["action"][0]["type"], rule["condition"][0]) for rule in rules]
    return sorted((kind, on["age"], sorted(on.get("matches_prefix", ()))) for kind, on in found)


@needs_terraform
@pytest.mark.usefixtures("chosen")
def test_datasets_are_those_of_terraform(capsys: pytest.CaptureFixture[str], plan: Planned) -> None:
    text = script(capsys)
    lists = dict(re.findall(r"bq update --source /dev/stdin my-project:(\w+) <<< '(.*)'", text))
    wanted = {v["dataset_id"]: v for v in plan.of("google_bigquery_dataset").values()}
    assert set(lists) == set(wanted)
    for name, given in lists.items():
        assert sorted(map(readable, json.loads(given)["access"])) == sorted(
            map(readable_plan, wanted[name]["access"])
        )
    expiring = {n for n in lists if f"--default_table_expiration 86400 my-project:{n}\n" in text}
    assert expiring == {n for n, v in wanted.items() if v.get("default_table_expiration_ms")}


def readable(entry: dict[str, Any]) -> str:
    if "dataset" in entry:
        return f"views {entry['dataset']['dataset']['datasetId']}"
    return " ".join(sorted(map(str, entry.values())))


def readable_plan(entry: dict[str, Any]) -> str:
    if entry.get("dataset"):
        return f"views {entry['dataset'][0]['dataset'][0]['dataset_id']}"
    return " ".join(sorted(str(value) for value in entry.values() if value))


@needs_terraform
@pytest.mark.usefixtures("chosen")
def test_what_runs_is_as_by_terraform(capsys: pytest.CaptureFixture[str], plan: Planned) -> None:
    text = script(capsys)
    (made,) = gcloud(text, "composer", "environments", "create")
    (wanted,) = plan.of("google_composer_environment").values()
    config = wanted["config"][0]
    software, workloads = config["software_config"][0], config["workloads_config"][0]
    overrides = dict(pair.split("=", 1) for pair in made["airflow-configs"].split(","))
    assert overrides == software["airflow_config_overrides"]
    assert made["image-version"] == software["image_version"]
    assert made["service-account"] == config["node_config"][0]["service_account"]
    assert made["storage-bucket"] == wanted["storage_config"][0]["bucket"]
    for part, values in workloads.items():
        for name, value in values[0].items():
            flag = {"min_count": "min-workers", "max_count": "max-workers"}.get(
                name, f"{part.replace('_', '-')}-{name.removesuffix('_gb')}"
            )
            assert made[flag] == str(value), flag
    (deployed,) = gcloud(text, "functions", "deploy")
    (function,) = plan.of("google_cloudfunctions2_function").values()
    service = function["service_config"][0]
    for flag, name in (
        ("min-instances", "min_instance_count"),
        ("max-instances", "max_instance_count"),
        ("concurrency", "max_instance_request_concurrency"),
        ("memory", "available_memory"),
        ("cpu", "available_cpu"),
        ("service-account", "service_account_email"),
    ):
        assert deployed[flag] == str(service[name]), flag
    secrets = dict(pair.split("=") for pair in deployed["set-secrets"].split(","))
    assert secrets == {
        found["key"]: f"{found['secret']}:latest" for found in service["secret_environment_variables"]
    }
    (quota,) = gcloud(text, "beta", "quotas", "preferences", "create")
    (preference,) = plan.of("google_cloud_quotas_quota_preference").values()
    assert quota["preferred-value"] == str(preference["quota_config"][0]["preferred_value"])


@pytest.mark.parametrize("project", ["", "My-Project", "my project", "p", "my-project;rm", "$(id)", "a" * 31])
def test_a_project_that_can_be_none_is_refused(capsys: pytest.CaptureFixture[str], project: str) -> None:
    assert main(["--project", project]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert "PROJECT is" in said.err
