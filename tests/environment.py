"""The environment of what tests start: the user's, without the services that it names."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Final

AIRFLOW: Final = "3" if version("apache-airflow").startswith("3") else "2.11"
# Tests start their own services: one that the user's environment names is never touched.
_SERVICES: Final = (
    "AIRFLOW_CONN_TINY_Z316",
    "STORAGE_EMULATOR_HOST",
    "BIGQUERY_EMULATOR_HOST",
    "WEBHOOK_URL",
)
CLEAN_ENVIRONMENT: Final = {
    name: value
    for name, value in os.environ.items()
    if name not in _SERVICES and not name.startswith("AIRFLOW__")
} | {"AIRFLOW": AIRFLOW}
