"""What the tests of the rehearsal share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from deploy.rehearse import connection
from deploy.rehearse.rights import Connect
from deploy.rehearse.scratch import Clients
from tests.component.proxy import Spoil, proxy

PROJECT: Final = "z316-local"
CONNECTION: Final = "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT"


def connector(emulators: dict[str, str], location: str, ports: dict[str, str] | None = None) -> Connect:
    """Gives each account its own address, as the strict front knows accounts.

    Args:
        emulators: The addresses.
        location: Where jobs run.
        ports: Accounts that call by the addresses of others.
    """

    def connect(account: str, email: str | None) -> Clients:
        if email is None:
            return connection.connect(location)
        name = (ports or {}).get(account, account).upper()
        with pytest.MonkeyPatch.context() as patch:
            for service in ("STORAGE", "BIGQUERY"):
                usual = f"{service}_EMULATOR_HOST"
                patch.setenv(usual, emulators.get(f"{service}_AS_{name}", emulators[usual]))
            return connection.connect(location)

    return connect


def left_behind(clients: Clients) -> list[str]:
    """What of a rehearsal is still there."""
    datasets = [dataset.dataset_id for dataset in clients.bigquery.list_datasets()]
    buckets = [bucket.name for bucket in clients.storage.list_buckets()]
    objects = [
        blob.name for bucket in buckets for blob in clients.storage.list_blobs(bucket, prefix="rehearsal")
    ]
    return [name for name in (*datasets, *buckets, *objects) if "rehearsal" in name]


def results(text: str) -> dict[str, str]:
    """Result of each step of the table, by its name."""
    table = text.partition("\nstep ")[2]
    rows = re.findall(r"^(\S.*?) {2,}(held|FAILED|not tried) ", table, re.MULTILINE)
    return dict(rows)


def failed(text: str) -> set[str]:
    return {step for step, result in results(text).items() if result == "FAILED"}


@contextmanager
def spoiled(
    emulators: dict[str, str], service: str, rule: Callable[[str, int], Spoil | None]
) -> Iterator[None]:
    with proxy(emulators[service]) as server, pytest.MonkeyPatch.context() as patch:
        server.rule = rule
        patch.setenv(service, server.url)
        yield
