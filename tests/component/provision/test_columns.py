"""Tables that are older than the schema files, or are not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.component.provision.stores import Clients, clients_of, own
from tests.component.proxy import Proxy
from tiny_operators.google_errors import SetupError
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.setup import provision
from tiny_operators.setup.provision import check_tables, create_missing
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack


def nested(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns without the last field of each record; one that has a single field keeps it."""
    return [
        {**field, "fields": nested(field["fields"])[: -1 if len(field["fields"]) > 1 else None]}
        if "fields" in field
        else field
        for field in fields
    ]


@pytest.mark.parametrize(
    "older", [lambda fields: fields[:-1], nested], ids=["a column", "a field of each record"]
)
def test_what_a_schema_file_has_more_is_added(
    older: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
    store: Store,
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    other = own(store, f"growing{len(request.node.name)}")
    with monkeypatch.context() as patch:
        patch.setattr(provision, "schema_fields", lambda table: older(schema_fields(table)))
        create_missing(other, *clients)
        before = {name: len(clients[1].get_table(f"{other.dataset}.{name}").schema) for name in LAYOUTS}
    if older is not nested:
        with pytest.raises(SetupError, match=r"not as include/schemas says in \w+: pdv, pesquisa"):
            check_tables(clients[1], other)
    assert create_missing(other, *clients)["tables"] == []
    check_tables(clients[1], other)
    for name in LAYOUTS:
        schema = clients[1].get_table(f"{other.dataset}.{name}").schema
        assert [(shape(field.to_api_repr())) for field in schema] == [
            shape(field) for field in schema_fields(name)
        ]
        assert len(schema) >= before[name]


def shape(field: dict[str, Any]) -> Any:
    mode = "NULLABLE" if field.get("mode") == "REQUIRED" else field.get("mode", "NULLABLE")
    return field["name"], field["type"], mode, [shape(inner) for inner in field.get("fields", ())]


def test_a_new_required_column_is_added_as_nullable(
    store: Store, proxies: dict[str, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """BigQuery: "Cannot add required fields to an existing schema"; the emulator takes them."""
    other = own(store, "required")
    clients = clients_of(other)
    create_missing(other, *clients)
    new = [
        {"name": "novo", "type": "STRING", "mode": "REQUIRED"},
        {
            "name": "lista",
            "type": "RECORD",
            "mode": "REPEATED",
            "fields": [{"name": "x", "type": "DATE", "mode": "REQUIRED"}],
        },
    ]
    monkeypatch.setattr(provision, "schema_fields", lambda table: [*schema_fields(table), *new])
    proxies["bigquery"].bodies.clear()
    create_missing(other, *clients)
    patches = [
        json.loads(body) for request, body in proxies["bigquery"].bodies if request.startswith("PATCH ")
    ]
    assert len(patches) == len(LAYOUTS)
    for body in patches:
        added = {field["name"]: field for field in body["schema"]["fields"]}
        assert added["novo"]["mode"] == "NULLABLE"
        assert added["lista"]["fields"][0]["mode"] == "NULLABLE"
    check_tables(clients[1], other)
    assert create_missing(other, *clients) == {"buckets": [], "datasets": [], "tables": []}


@pytest.mark.parametrize("tables", [["pdv"], ["produto", "pesquisa", "rejeitados"], list(LAYOUTS)], ids=len)
def test_columns_that_cannot_be_changed_are_all_told_and_the_rest_is_added(
    tables: list[str], store: Store, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = own(store, f"retyped{len(tables)}")
    create_missing(other, *clients)

    def wanted(table: str) -> list[dict[str, Any]]:
        fields = schema_fields(table)
        if table in tables:
            fields[0] = {**fields[0], "type": "INTEGER"}
            fields[1] = {**fields[1], "mode": "REPEATED"}
        return [*fields, {"name": "novo", "type": "STRING", "mode": "NULLABLE"}]

    monkeypatch.setattr(provision, "schema_fields", wanted)
    with pytest.raises(SetupError) as caught:
        create_missing(other, *clients)
    said = str(caught.value)
    assert f"({2 * len(tables)})" in said
    for table in tables:
        first = schema_fields(table)[0]
        assert f"{table}.{first['name']}: is STRING REQUIRED, the schema file says INTEGER REQUIRED" in said
        assert f"{table}.{schema_fields(table)[1]['name']}: is " in said
    for table in LAYOUTS:
        assert clients[1].get_table(f"{other.dataset}.{table}").schema[-1].name == "novo"
    with pytest.raises(SetupError, match=", ".join(name for name in LAYOUTS if name in tables)):
        check_tables(clients[1], other)


@pytest.mark.parametrize("gone", [["pdv"], ["pesquisa", "produto", "reconciliation"], list(LAYOUTS)], ids=len)
def test_a_run_meets_tables_that_are_not_there(gone: list[str], store: Store, clients: Clients) -> None:
    other = own(store, f"gone{len(gone)}")
    create_missing(other, *clients)
    check_tables(clients[1], other)
    for name in gone:
        clients[1].delete_table(f"{other.dataset}.{name}")
    missing = ", ".join(name for name in LAYOUTS if name in gone)
    with pytest.raises(SetupError, match=f"missing in {other.dataset}: {missing}.*run the DAG z316_setup"):
        check_tables(clients[1], other)
    clients[1].delete_dataset(other.dataset, delete_contents=True)
    with pytest.raises(SetupError, match=f"Dataset {other.dataset} is missing: run the DAG z316_setup"):
        check_tables(clients[1], other)
