"""The variables that make ordinary programs find the stack: what `.local/env` sets."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from local.stack import workers
from local.stack.settings import (
    EMULATOR_PORTS,
    FRONT_PORTS,
    OWN,
    PROJECT,
    REPLACED_BY,
    Settings,
    fingerprint,
)

LOGIN = PASSWORD = "admin"  # noqa: S105  (of the local Airflow alone)
# For reading a DAG file: 30 and 50 by themselves. A machine that does other work may need more; the file would then
# count as broken.
_IMPORT_SECONDS = "120"
_FILE_SECONDS = "180"
# Loggers of Airflow that say nothing of use, each second or in each task: quiet as in deploy/platform.yaml.
_CHATTY = (
    "airflow.providers.google.cloud.triggers.gcs",
    "airflow.providers.standard.triggers.temporal",
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
)


def build(settings: Settings, socket_dir: Path) -> dict[str, str]:
    """Return all variables with their values; one that the user has set keeps the user's value.

    Args:
        settings: The stack's settings.
        socket_dir: Folder of Postgres's socket.
    """
    own = {**_google(settings), **_tiny(settings)}
    if "airflow" in settings.parts:
        own |= _airflow(settings, socket_dir)
    kept = {
        name: settings.env[name]
        for name in own | REPLACED_BY
        if name in settings.env and _may_keep(name, settings)
    }
    return own | kept


def marked(exports: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Add the variable that says which values are the stack's own, not the user's."""
    own = [fingerprint(name, value) for name, value in exports.items() if settings.env.get(name) != value]
    return {**exports, OWN: ":".join(sorted(own))}


def render(exports: Mapping[str, str], path_prefix: Path) -> str:
    """Write the variables as lines that any POSIX shell can source."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(exports.items())]
    return "\n".join([*lines, f'export PATH={shlex.quote(str(path_prefix))}:"$PATH"', ""])


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def _may_keep(name: str, settings: Settings) -> bool:
    """Return whether the user's value of a variable wins.

    A developer's shell may well name a real project and real credentials: they are used only when a Google
    service was pointed elsewhere on purpose. AIRFLOW_HOME is always the stack's own, never a folder that
    holds other things.
    """
    if name.startswith("GOOGLE_"):
        return bool({"gcs", "bigquery"} & set(settings.replaced))
    return name != "AIRFLOW_HOME"


def _google(settings: Settings) -> dict[str, str]:
    return {
        **_addresses(settings),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "GOOGLE_APPLICATION_CREDENTIALS": str(credentials_file(settings)),
        "NO_GCE_CHECK": "true",
    }


def _addresses(settings: Settings) -> dict[str, str]:
    """Return the addresses of Google's services: for each account, and of the emulators themselves."""
    services = settings.emulated()
    found = {
        "STORAGE_EMULATOR_HOST": settings.url("GCS_PORT"),
        "BIGQUERY_EMULATOR_HOST": settings.url("BIGQUERY_PORT"),
    }
    return found | {
        variable: settings.url(name)
        for name, (service, *_, variable) in {**FRONT_PORTS, **EMULATOR_PORTS}.items()
        if service in services
    }


def _tiny(settings: Settings) -> dict[str, str]:
    connection = {
        "conn_type": "tiny",
        "host": f"{settings.url('TINY_PORT')}/api2/",
        "password": settings.token,
        "extra": {"requests_per_minute": settings.per_minute, "share": settings.share},
    }
    # With secrets set, the receiver knows no other address.
    secret = settings.env.get("WEBHOOK_SECRETS", "").partition(",")[0].strip()
    found = {
        "AIRFLOW_CONN_TINY_Z316": json.dumps(connection),
        "WEBHOOK_URL": f"{settings.url('WEBHOOK_PORT')}/{secret}",
    }
    return (
        found if "tiny" in settings.replaced else {**found, "TINY_SIMULATOR_URL": settings.url("TINY_PORT")}
    )


def _airflow(settings: Settings, socket_dir: Path) -> dict[str, str]:
    home = settings.airflow_home
    google = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True, "project": PROJECT}}
    common = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps(google),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.code / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.code / "plugins"),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": _IMPORT_SECONDS,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(max(4, 2 * (os.cpu_count() or 1))),
        "AIRFLOW__CORE__FERNET_KEY": _secret(settings, "fernet"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://postgres@/postgres?host={socket_dir}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        # The default, a second, is most of a short task's time.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        # As in production (docs/operations.md): else the client asks for each bucket in the background.
        "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true",
    }
    common |= workers.variables(socket_dir) if settings.workers else {}
    return common | (_airflow_2(settings) if settings.airflow == "2.11" else _airflow_3(settings))


def _airflow_2(settings: Settings) -> dict[str, str]:
    basic = "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth"
    return {
        "AIRFLOW__API__AUTH_BACKENDS": f"{basic},airflow.api.auth.backend.session",
        "AIRFLOW__CORE__DAG_FILE_PROCESSOR_TIMEOUT": _FILE_SECONDS,
        "AIRFLOW__CORE__EXECUTE_TASKS_NEW_PYTHON_INTERPRETER": "False",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "10",
        "AIRFLOW__WEBSERVER__BASE_URL": settings.url("AIRFLOW_PORT"),
        "AIRFLOW__WEBSERVER__SECRET_KEY": _secret(settings, "session"),
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        # Two minutes by themselves: too little on a machine that does other work.
        "AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "600",
    }


def _airflow_3(settings: Settings) -> dict[str, str]:
    address = settings.url("AIRFLOW_PORT")
    connection = {
        "conn_type": "http",
        "schema": "http",
        "host": "127.0.0.1",
        "port": settings.ports["AIRFLOW_PORT"],
        "login": LOGIN,
        "password": PASSWORD,
    }
    return {
        # Tasks may not touch the database on Airflow 3: what they need of Airflow itself they ask its API.
        "AIRFLOW_CONN_AIRFLOW_API": json.dumps(connection),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__SECRET_KEY": _secret(settings, "session"),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(settings, "jwt"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(settings)),
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": _FILE_SECONDS,
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": " ".join(f"{name}=WARNING" for name in _CHATTY),
        # A task's supervisor may sleep this long after the task has ended, 5 s by default: it keeps an executor's slot
        # meanwhile, and a deferred task that is back before it has ended is taken for failed.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }


def credentials_file(settings: Settings) -> Path:
    """Return the path of the credentials that Google's clients find by themselves; see `write_files`."""
    return settings.home / "google-credentials.json"


def passwords_file(settings: Settings) -> Path:
    """Return the path of the passwords of Airflow 3's simple login."""
    return settings.airflow_home / "passwords.json"


def write_files(settings: Settings) -> None:
    """Write the files that the variables point at.

    `bigquery.Client()` insists on credentials even for an emulator. These hold a token that is valid for
    ever, so that no client asks anybody for a new one; nothing real is behind it.
    """
    credentials = {
        "type": "authorized_user",
        "client_id": "local",
        "client_secret": "local",
        "refresh_token": "local",
        "token": "local",
        "token_uri": "http://127.0.0.1:9/never-asked",
        "expiry": "2999-01-01T00:00:00Z",
        "quota_project_id": PROJECT,
    }
    write_private(credentials_file(settings), json.dumps(credentials))
    if settings.airflow == "3" and "airflow" in settings.parts:
        write_private(passwords_file(settings), json.dumps({LOGIN: PASSWORD}))


def _secret(settings: Settings, name: str) -> str:
    """Return a random key that stays the same for this state folder, as what it encrypts stays there too."""
    path = settings.home / "keys.json"
    keys = cast("dict[str, str]", json.loads(path.read_text())) if path.exists() else {}
    if name not in keys:
        # Fernet wants 32 bytes, the signatures of Airflow 3 at least 64 characters.
        keys[name] = base64.urlsafe_b64encode(secrets.token_bytes(32 if name == "fernet" else 64)).decode()
        write_private(path, json.dumps(keys))
    return keys[name]
