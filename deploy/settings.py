"""The settings of a deployment: ``deploy/settings.yaml``, which a person writes, and ``deploy/platform.yaml``.

Terraform reads the same files, without seeing a misspelled or missing field; so the commands check them first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import yaml

_HERE: Final = Path(__file__).resolve().parent
_MEMBER: Final = re.compile(r"(user|group|serviceAccount):[^@\s:]+@[^@\s:]+\.[^@\s:]+")
_EMAIL: Final = re.compile(r"[^@\s:]+@[^@\s:]+\.[^@\s:]+")
_IMAGE: Final = re.compile(r"composer-3-airflow-(2|3)\.\d+\.\d+(-build\.\d+)?")
_PROJECT: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")

# From, to. Google takes no other of deleted objects and of Airflow's runs.
_DAYS: Final = {
    "deleted_objects": (7, 90),
    "airflow_runs": (30, 730),
    "snapshots": (7, 365),
}
_INSTANCES: Final = {"min_instances": (0, 100), "max_instances": (1, 100)}


class SettingsError(ValueError):
    """A setting is wrong; the message names the file and the field, and what is expected."""


@dataclass(frozen=True)
class Receiver:
    """How many instances of the receiver there are.

    Attributes:
        min_instances: At least.
        max_instances: At most.
    """

    min_instances: int
    max_instances: int


@dataclass(frozen=True)
class KeepDays:
    """After how many days what nobody needs goes.

    Attributes:
        deleted_objects: Deleted objects, which can be brought back until then.
        airflow_runs: Runs and logs of Airflow.
        snapshots: Snapshots of the environment.
    """

    deleted_objects: int
    airflow_runs: int
    snapshots: int


@dataclass(frozen=True)
class Settings:
    """What a person chooses; see the comments in the file.

    Attributes:
        region: Of the environment, the receiver and the secrets.
        environment: Name of the environment.
        image: Image of the environment.
        alert_emails: Who gets e-mails of alerts.
        readers: Who reads the reports.
        personal_readers: Who reads them with personal data.
        billing_account: For a budget; empty for none.
        budget: A month's, in the currency of the billing account.
        query_gib_a_day: What queries may read a day.
        receiver: The receiver's instances.
        keep_days: After how long what goes.
    """

    region: str
    environment: str
    image: str
    alert_emails: tuple[str, ...]
    readers: tuple[str, ...]
    personal_readers: tuple[str, ...]
    billing_account: str
    budget: int
    query_gib_a_day: int
    receiver: Receiver
    keep_days: KeepDays

    @property
    def airflow(self) -> str:
        """The Airflow of the image, as the Makefile names it."""
        return "3" if "airflow-3" in self.image else "2.11"

    def bucket(self, project: str, kind: str = "") -> str:
        """Return a bucket of the environment: its own, or of ``snapshots``, ``sources`` or the Terraform ``state``."""
        return "-".join(filter(None, (project, self.environment, kind)))


def load_settings(path: Path | None = None) -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: When one is missing, unknown or wrong.
    """
    path = path or _HERE / "settings.yaml"
    given = _read(path)
    where = path.name
    _same_fields(given, Settings, where)
    settings = Settings(
        region=_text(given, "region", r"[a-z]+-[a-z]+[0-9]+", "a region such as southamerica-east1", where),
        environment=_text(
            given, "environment", r"[a-z][a-z0-9-]{0,18}[a-z0-9]", "up to 20 of a-z, 0-9, -", where
        ),
        image=_text(given, "image", _IMAGE.pattern, "an image such as composer-3-airflow-2.11.1", where),
        alert_emails=_list(given, "alert_emails", _EMAIL, "e-mail addresses", where),
        readers=_list(given, "readers", _MEMBER, "members such as group:relatorios@example.com", where),
        personal_readers=_list(
            given, "personal_readers", _MEMBER, "members such as user:ana@example.com", where
        ),
        billing_account=_text(
            given,
            "billing_account",
            r"([0-9A-F]{6}-){2}[0-9A-F]{6}|",
            "an id such as 012345-6789AB-CDEF01",
            where,
        ),
        budget=_number(given, "budget", 1, 10_000_000, where),
        query_gib_a_day=_number(given, "query_gib_a_day", 10, 200 * 1024, where),
        receiver=Receiver(**_numbers(given, "receiver", Receiver, _INSTANCES, where)),
        keep_days=KeepDays(**_numbers(given, "keep_days", KeepDays, _DAYS, where)),
    )
    if settings.receiver.max_instances < settings.receiver.min_instances:
        raise SettingsError(f"{where}: receiver.max_instances must be at least min_instances")
    return settings


def load_platform(path: Path | None = None) -> dict[str, Any]:
    """Read what the pipeline needs of Google Cloud.

    Raises:
        SettingsError: When the file cannot be read.
    """
    return dict(_read(path or _HERE / "platform.yaml"))


def checked_project(project: str) -> str:
    """Return the id of a project.

    Raises:
        SettingsError: When it can be none.
    """
    if not _PROJECT.fullmatch(project):
        raise SettingsError(
            f"PROJECT is {project!r}, which is no id of a project: 6 to 30 lower-case letters, digits and -, beginning "
            "with a letter (the id, not the name or number: gcloud projects list)"
        )
    return project


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path.name} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path.name} must be fields with values")
    return content


def _same_fields(given: Mapping[str, Any], kind: type[Any], where: str) -> None:
    known = {field.name for field in fields(kind)}
    if unknown := sorted(map(str, set(given) - known)):
        raise SettingsError(
            f"{where} has unknown fields {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
    if missing := sorted(known - set(given)):
        raise SettingsError(f"{where} lacks the fields {', '.join(missing)}")


def _text(given: Mapping[str, Any], name: str, pattern: str, expected: str, where: str) -> str:
    value = given[name]
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise SettingsError(f"{where}: {name} must be {expected}, found {value!r}")
    return value


def _list(
    given: Mapping[str, Any], name: str, pattern: re.Pattern[str], expected: str, where: str
) -> tuple[str, ...]:
    value = given[name]
    if not isinstance(value, list):
        raise SettingsError(f"{where}: {name} must be a list of {expected}, found {value!r}")
    for item in value:
        if not isinstance(item, str) or not pattern.fullmatch(item):
            raise SettingsError(f"{where}: {name} must be a list of {expected}, found {item!r} in it")
    if len(set(value)) < len(value):
        raise SettingsError(f"{where}: {name} names one twice")
    return tuple(value)


def _number(given: Mapping[str, Any], name: str, least: int, most: int, where: str) -> int:
    value = given[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SettingsError(f"{where}: {name} must be a number from {least} to {most}, found {value!r}")
    return value


def _numbers(
    given: Mapping[str, Any], name: str, kind: type[Any], limits: Mapping[str, tuple[int, int]], where: str
) -> dict[str, int]:
    inner = given[name]
    if not isinstance(inner, dict):
        raise SettingsError(f"{where}: {name} must be fields with numbers, found {inner!r}")
    _same_fields(inner, kind, f"{where}: {name}")
    return {field: _number(inner, field, *limits[field], f"{where}: {name}") for field in inner}
