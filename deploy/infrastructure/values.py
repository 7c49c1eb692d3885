"""The values of the secrets: asked for or drawn once, and in no file, no argument and no state of Terraform."""

from __future__ import annotations

import getpass
import json
import secrets
import sys
from collections.abc import Sequence
from typing import Final

from deploy.console import say

from .gcloud import Gcloud

# The connection as Airflow reads it from the secret: docs/operations.md says what the fields mean.
_CONNECTION: Final = {
    "conn_type": "tiny",
    "host": "https://api.tiny.com.br/api2/",
    "extra": {"requests_per_minute": 60, "share": 0.8},
}


def ensure_values(gcloud: Gcloud, prefixes: Sequence[str]) -> list[str]:
    """Give each secret a value that has none.

    Args:
        gcloud: The person's gcloud.
        prefixes: Those of the stores.

    Returns:
        Secrets that still have none, as nobody was there to ask.
    """
    empty = []
    for prefix in prefixes:
        address, token = f"tiny-webhook-secrets-{prefix}", f"airflow-connections-tiny_{prefix}"
        if not gcloud.has_value(address):
            gcloud.add_value(address, secrets.token_hex(24))
            say(f"{address}: a new value was drawn")
        if not gcloud.has_value(token):
            given = (
                getpass.getpass(f"Token of Tiny's API for {prefix} (not shown): ")
                if sys.stdin.isatty()
                else ""
            )
            if given.strip():
                gcloud.add_value(token, connection(given.strip()))
            else:
                empty.append(token)
    return empty


def connection(token: str) -> str:
    """Return the value of a token's secret."""
    return json.dumps({**_CONNECTION, "password": token})
