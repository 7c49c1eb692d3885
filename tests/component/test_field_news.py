"""Fields that Tiny adds are kept, and told the first time that they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import fetch, plan, post, rows
from tiny_operators.batches.field_drift import report_field_drift
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.orders.field_counts import FieldCounts, FieldNews
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack


@pytest.fixture
def objects(warehouse: Warehouse, store: Store) -> Iterator[Objects]:
    """The API bucket, where nothing is known of any field, and no product was read today."""
    warehouse.forget_products_read_today()
    found = Objects(warehouse.storage_client(), store.api_bucket)
    found.delete(names.fields_object(store.prefix))
    yield found
    found.delete(names.fields_object(store.prefix))


def sell(emulators: dict[str, str], simulator: Simulator, run: Any, **quirks: Any) -> Any:
    """One run of the webhook path, up to its rows."""
    simulator.set(quirks=quirks)
    post(emulators, simulator, 5)
    again = type(run)(run.store)
    for step in (plan, fetch, rows):
        step(again)
    return again


def new_fields(caplog: pytest.LogCaptureFixture) -> set[str]:
    """The fields that were told since it was asked last."""
    messages = [record.getMessage() for record in caplog.records]
    caplog.clear()
    reported = [message.rpartition("fields=")[2] for message in messages if "event=new_fields " in message]
    return {field for fields in reported for field in fields.split(",")}


def test_a_new_field_is_told_once_and_kept(
    emulators: dict[str, str],
    simulator: Simulator,
    run: Any,
    objects: Objects,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sell(emulators, simulator, run)
    assert new_fields(caplog) == set()
    made = sell(emulators, simulator, run, unknown_fields=True)
    reported = new_fields(caplog)
    assert {"pdv.origemVenda", "pdv.itens.idLote", "pesquisa.origem_pedido"} <= reported
    for table, field in (("pdv", "origemVenda"), ("pesquisa", "origem_pedido")):
        content = objects.read(names.rows_object(table, made.key)) or b""
        assert all(f'"{field}"' in json.dumps(json.loads(row)["payload"]) for row in content.splitlines())
    sell(emulators, simulator, run, unknown_fields=True)
    # Nothing of it again; other products may have fields that none before had.
    assert not reported & new_fields(caplog)


def test_what_is_told_meanwhile_is_not_forgotten(store: Store, objects: Objects) -> None:
    """Another run may remember its fields between this one's reading and writing."""
    ours, theirs = FieldCounts(), FieldCounts()
    ours.add("pdv", {"id": 1, "nosso": 1})
    theirs.add("pdv", {"id": 1, "deles": 1})
    read = objects._read
    before: list[FieldCounts] = [theirs]

    def read_slowly(*which: Any, **how: Any) -> tuple[bytes, int] | None:
        content = read(*which, **how)
        if before:
            report_field_drift(
                Objects(objects._client, store.api_bucket), store, "theirs", before.pop(), datetime.now(UTC)
            )
        return content

    report_field_drift(
        objects, store, "first", FieldCounts(records=theirs.records, seen=theirs.seen), datetime.now(UTC)
    )
    objects._read = read_slowly  # type: ignore[method-assign]
    report_field_drift(objects, store, "ours", ours, datetime.now(UTC))
    known = objects.read_json(names.fields_object(store.prefix))
    assert {"pdv.nosso", "pdv.deles"} <= set(known)
    assert known["pdv.id"]["seen"] == 3


@pytest.mark.parametrize("content", [b"no JSON", b'{"pdv.id": {"unheard_of": 1}}', b'{"pdv.id": 5}'])
def test_a_damaged_memory_fails_no_run_and_is_told(
    store: Store, objects: Objects, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    name = names.fields_object(store.prefix)
    objects.delete(name)
    objects.create(name, content.decode())
    batch = FieldCounts()
    batch.add("pdv", {"id": 1})
    caplog.set_level("WARNING")
    assert report_field_drift(objects, store, "ours", batch, datetime.now(UTC)) == FieldNews()
    assert f"event=fields_not_remembered store=z316 run=ours object={name}" in caplog.text
    assert objects.read(name) == content
    objects.delete(name)
