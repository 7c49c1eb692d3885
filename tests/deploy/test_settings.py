"""The settings file: what is wrong in it is named, before anything is created."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.settings import SettingsError, load_platform, load_settings
from tests.deploy.terraforming import REPO

OWN = yaml.safe_load((REPO / "deploy" / "settings.yaml").read_text())


def written(folder: Path, content: object) -> Path:
    path = folder / "settings.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_those_of_the_repository_are_right() -> None:
    settings = load_settings()
    assert settings.airflow == "2.11"
    assert settings.bucket("my-project") == "my-project-tiny"
    assert settings.bucket("my-project", "state") == "my-project-tiny-state"
    assert {"apis", "accounts", "airflow", "workloads"} <= set(load_platform())


WRONG: list[tuple[str, Any]] = [
    ("region", "São Paulo"),
    ("region", ""),
    ("environment", "Tiny"),
    ("environment", "a" * 30),
    ("image", "composer-2-airflow-2.9.3"),
    ("image", "composer-3-airflow-2"),
    ("alert_emails", "ops@example.com"),
    ("alert_emails", ["ops"]),
    ("alert_emails", ["ops@example.com", "ops@example.com"]),
    ("readers", ["ana@example.com"]),
    ("readers", ["allUsers"]),
    ("readers", [None]),
    ("personal_readers", ["domain:example.com"]),
    ("billing_account", "my account"),
    ("billing_account", 12),
    ("budget", 0),
    ("budget", "700"),
    ("budget", True),
    ("query_gib_a_day", 0),
    ("receiver", None),
    ("receiver", {"min_instances": 4, "max_instances": 3}),
    ("receiver", {"min_instances": 0}),
    ("receiver", {"min_instances": 0, "max_instances": 3, "cpu": 1}),
    ("keep_days", OWN["keep_days"] | {"deleted_objects": 91}),
    ("keep_days", OWN["keep_days"] | {"airflow_runs": 7}),
    ("keep_days", OWN["keep_days"] | {"snapshots": 0}),
    ("alert_email", ["ops@example.com"]),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(SettingsError, match=field) as raised:
        load_settings(written(tmp_path, OWN | {field: value}))
    assert "settings.yaml" in str(raised.value)


@pytest.mark.parametrize("field", sorted(OWN))
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    with pytest.raises(SettingsError, match=f"lacks the fields {field}"):
        load_settings(written(tmp_path, {name: value for name, value in OWN.items() if name != field}))


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "text"])
def test_what_is_no_settings_file_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"settings\.yaml"):
        load_settings(written(tmp_path, text))


@pytest.mark.parametrize(
    ("image", "airflow"), [("2.11.1", "2.11"), ("2.11.1-build.19", "2.11"), ("3.1.7-build.1", "3")]
)
def test_the_airflow_of_an_image(tmp_path: Path, image: str, airflow: str) -> None:
    settings = load_settings(written(tmp_path, OWN | {"image": f"composer-3-airflow-{image}"}))
    assert settings.airflow == airflow
