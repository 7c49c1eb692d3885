"""Files of the inbox that Cloud Storage does not give: each is set aside alone, and a missing right stops the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.proxy import Proxy, Spoil, proxy
from tests.component.refusals import refusal
from tests.component.webhook_steps import (
    archive,
    batch,
    fetch,
    forget_pauses,
    made_rows,
    plan,
    rejected_files,
    rows,
    upload,
)
from tiny_operators._compat import AirflowFailException, AirflowSkipException
from tiny_operators.orders.webhooks import MAX_BYTES

pytestmark = pytest.mark.stack

SERVICE = "STORAGE_EMULATOR_HOST"
NO_RIGHT = refusal("forbidden", "airflow@x does not have storage.objects.get access to the object.")
OWN_KEY = refusal("resourceIsEncryptedWithCustomerEncryptionKey", "encrypted by a customer-supplied key", 400)
REFUSALS: dict[str, Spoil] = {
    "Forbidden": NO_RIGHT,
    "BadRequest": OWN_KEY,
    "PreconditionFailed": 412,
    "GoogleAPICallError": 423,
}
GOOD = 3


@pytest.fixture
def storage(emulators: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxy(emulators[SERVICE]) as server:
        monkeypatch.setenv(SERVICE, server.url)
        yield server


def refuse(storage: Proxy, how: dict[str, Spoil]) -> None:
    """Give, and copy, no file of these names."""

    def rule(request: str, number: int) -> Spoil | None:
        is_given = "alt=media" in request or "rewriteTo" in request or "copyTo" in request
        return next((spoil for name, spoil in how.items() if is_given and f"/o/{name}" in request), None)

    storage.rule = rule


def file_names(bad: int, place: int) -> tuple[list[str], list[str]]:
    """Names of the good and of the bad files, in the order of the inbox."""
    every = [f"{number:02}.json" for number in range(GOOD + bad)]
    return every[:place] + every[place + bad :], every[place : place + bad]


def sell(simulator: Simulator, warehouse: Warehouse, names: list[str]) -> list[int]:
    """Upload the webhook of a new order under each name; their ids."""
    sales = simulator.sell(len(names))
    for name, sale in zip(names, sales, strict=True):
        upload(warehouse, name, json.dumps(sale.webhook))
    return [sale.pedido for sale in sales]


@pytest.mark.parametrize("place", range(GOOD + 1))
@pytest.mark.parametrize("bad", [1, 3, 40])
def test_each_file_that_cannot_be_read_is_rejected_alone(
    simulator: Simulator, run: Any, warehouse: Warehouse, storage: Proxy, *, bad: int, place: int
) -> None:
    good_files, bad_files = file_names(bad, place)
    for name in bad_files:
        upload(warehouse, name, b"x")
    orders = sell(simulator, warehouse, good_files)
    kinds = [list(REFUSALS)[number % len(REFUSALS)] for number in range(bad)]
    refuse(storage, {name: REFUSALS[kind] for name, kind in zip(bad_files, kinds, strict=True)})
    assert plan(run) == {"orders": GOOD, "files": GOOD, "rejected": bad, "ignored": 0}
    fetch(run)
    rows(run)
    with pytest.raises(AirflowFailException, match=f"could not be moved.*{bad_files[0]}"):
        archive(run)
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == set(orders)
    reported = {row["file"]: row for row in rejected_files(warehouse, run)}
    assert sorted(reported) == bad_files
    assert [reported[name]["found"] for name in bad_files] == [
        f"{kind} when it was downloaded" for kind in kinds
    ]
    assert {(row["field"], row["expected"]) for row in reported.values()} == {
        ("(file)", "a file that can be read")
    }
    assert sorted(warehouse.waiting()) == bad_files


@pytest.mark.parametrize("bad", [1, 3])
@pytest.mark.parametrize("kind", ["Forbidden", "BadRequest"])
def test_a_file_that_stays_is_named_and_told_once_and_runs_pause(
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    storage: Proxy,
    caplog: pytest.LogCaptureFixture,
    *,
    kind: str,
    bad: int,
) -> None:
    good_files, bad_files = file_names(bad, 1)
    hidden = sell(simulator, warehouse, bad_files)
    sell(simulator, warehouse, good_files)
    refuse(storage, dict.fromkeys(bad_files, REFUSALS[kind]))
    with caplog.at_level(logging.INFO, "tiny_operators"), pytest.raises(AirflowFailException):
        batch(run)
    for event in ("file_not_read", "file_not_moved"):
        said = [line for line in caplog.messages if f"event={event} " in line]
        assert len(said) == bad
        assert all(f"object={name} error={kind}" in line for name, line in zip(bad_files, said, strict=True))
    with pytest.raises(AirflowSkipException, match="Nothing is due"):
        plan(type(run)(run.store))
    simulator.forget_calls()
    for _ in range(2):
        forget_pauses(warehouse, run)
        again = type(run)(run.store)
        with pytest.raises(AirflowFailException, match=bad_files[0]):
            batch(again)
        assert rejected_files(warehouse, again) == []
    assert not simulator.calls()
    refuse(storage, {})
    forget_pauses(warehouse, run)
    last = type(run)(run.store)
    assert batch(last)["done"] == bad, "when they can be read, they are files like any other"
    assert {row["id"] for row in made_rows(warehouse, last, "pdv")} == set(hidden)
    assert warehouse.waiting() == []


@pytest.mark.parametrize("files", [1, 3, 40])
def test_a_right_that_is_missing_on_all_files_fails_the_run_and_rejects_nothing(
    simulator: Simulator, run: Any, warehouse: Warehouse, storage: Proxy, files: int
) -> None:
    from google.api_core.exceptions import Forbidden

    names = [f"{number:02}.json" for number in range(files)]
    orders = sell(simulator, warehouse, names)
    upload(warehouse, "large.json", b" " * (2 * MAX_BYTES))
    refuse(storage, dict.fromkeys(names, NO_RIGHT))
    with pytest.raises(Forbidden, match=r"does not have storage\.objects\.get access"):
        plan(run)
    assert not [name for name in warehouse.objects("runs/") if run.key in name]
    refuse(storage, {})
    warehouse.storage_client().bucket(warehouse.webhook_bucket).blob("large.json").delete()
    assert batch(run)["done"] == files
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == set(orders)


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "quotaExceeded", "accountDisabled"])
@pytest.mark.parametrize("bad", [1, 3])
def test_what_is_no_fault_of_a_file_rejects_none(
    simulator: Simulator, run: Any, warehouse: Warehouse, storage: Proxy, *, bad: int, reason: str
) -> None:
    from google.api_core.exceptions import Forbidden

    good_files, bad_files = file_names(bad, 1)
    sell(simulator, warehouse, [*good_files, *bad_files])
    refuse(storage, dict.fromkeys(bad_files, refusal(reason)))
    with pytest.raises(Forbidden):
        plan(run)
    refuse(storage, {})
    assert batch(run)["done"] == GOOD + bad
