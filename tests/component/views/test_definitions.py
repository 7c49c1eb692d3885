"""Setup makes the views as their files say, with what they need, and again only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.component.views.reference import Ask, Reference
from tests.component.views.rows import Viewed, line, order
from tiny_operators._compat import AirflowFailException
from tiny_operators.operators.setup import SetupStoreOperator
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import keys_table
from tiny_operators.warehouse.views import View, ViewError, create_views, views

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def other(clients: tuple[Any, Any], viewed_store: Store) -> Iterator[Store]:
    """A store whose datasets a test may spoil; its views are not made."""
    store = replace(
        viewed_store,
        dataset="spoiled_tiny",
        staging_dataset="spoiled",
        report_dataset="",
        personal_dataset="",
        keys_dataset="",
    )
    create_missing(store, *clients)
    yield store
    for dataset in (
        store.report_dataset,
        store.personal_dataset,
        store.keys_dataset,
        store.dataset,
        store.staging_dataset,
    ):
        clients[1].delete_dataset(dataset, delete_contents=True)


def test_every_column_is_described_and_of_its_type(viewed: Viewed) -> None:
    for view in views(viewed.store):
        made = viewed.client.get_table(view.path)
        assert made.description == view.description
        assert [(field.name, field.field_type, field.description) for field in made.schema] == [
            (column.name, column.type, column.description) for column in view.columns
        ], view.path


def test_the_descriptions_stand_at_their_columns(viewed: Viewed) -> None:
    """A view's list of columns names them by place: the query's own names say whether it is the right one."""
    for view in views(viewed.store):
        rows = viewed.client.query_and_wait(f"SELECT * FROM (\n{view.query}\n) LIMIT 0")
        assert [field.name for field in rows.schema] == [column.name for column in view.columns], view.path


def test_bigquerys_language_gives_the_same_columns_and_types(language: Ask, viewed_store: Store) -> None:
    """As its reference implementation reads the statements, which the emulator only translates."""
    reference = Reference(language, viewed_store)
    for view in views(viewed_store):
        expected = [(column.name, column.type) for column in view.columns]
        assert [*reference.types(view).items()] == expected, view.path


def test_a_second_setup_makes_nothing(viewed: Viewed, clients: tuple[Any, Any]) -> None:
    query = f"SELECT chave FROM `{keys_table(viewed.store)}`"
    before = [row["chave"] for row in viewed.client.query_and_wait(query)]
    assert create_missing(viewed.store, *clients) == {"buckets": [], "datasets": [], "tables": []}
    assert create_views(viewed.client, viewed.store) == []
    assert [row["chave"] for row in viewed.client.query_and_wait(query)] == before
    assert [len(key) for key in before] == [64]


def test_views_may_read_the_tables_for_those_who_may_not(viewed: Viewed) -> None:
    let = [
        entry.entity_id
        for entry in viewed.client.get_dataset(viewed.store.dataset).access_entries
        if entry.entity_type == "dataset"
    ]
    assert sorted(entry["dataset"]["datasetId"] for entry in let) == [
        "views_tiny_pessoal",
        "views_tiny_relatorios",
    ]
    assert all(entry["targetTypes"] == ["VIEWS"] for entry in let)


def test_a_view_over_a_table_that_is_not_there_is_named(clients: tuple[Any, Any], other: Store) -> None:
    clients[1].delete_table(f"{other.dataset}.produto")
    with pytest.raises(ViewError, match=r"View spoiled_tiny_relatorios\.pedidos .*spoiled_tiny\.produto"):
        create_views(clients[1], other)
    assert "produto" in create_missing(other, *clients)["tables"]


def test_a_view_that_changed_is_replaced_with_those_that_read_it(
    clients: tuple[Any, Any], other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = clients[1]
    few = ("pedidos", "vendas_por_vendedor", "clientes")

    def some_views(store: Store) -> list[View]:
        return [v for v in views(store) if v.name in few and v.dataset == store.report_dataset]

    monkeypatch.setattr("tiny_operators.warehouse.views.views", some_views)
    sold = order(1, "2024-01-02", "10.00", [line(None, "10.00")], situacao="Aprovado")
    Viewed(client, other).load({"pdv": [sold]})
    names = {name: f"{other.report_dataset}.{name}" for name in few}
    assert set(create_views(client, other)) == set(names.values())

    def pedidos_changed(store: Store) -> list[View]:
        made = {view.name: view for view in some_views(store)}
        made["pedidos"] = replace(made["pedidos"], query=made["pedidos"].query + "\nWHERE pedido_id > 0")
        made["vendas_por_vendedor"] = replace(made["vendas_por_vendedor"], needs=(made["pedidos"],))
        return list(made.values())

    monkeypatch.setattr("tiny_operators.warehouse.views.views", pedidos_changed)
    assert create_views(client, other) == [names["pedidos"], names["vendas_por_vendedor"]]
    assert create_views(client, other) == []

    assert Viewed(client, other).rows("vendas_por_vendedor") == []
    monkeypatch.setattr("tiny_operators.warehouse.views.views", some_views)
    early = replace(other, effective_statuses=("APROVADO",))
    assert set(create_views(client, early)) == set(names.values())
    assert [row["pedidos"] for row in Viewed(client, early).rows("vendas_por_vendedor")] == [1]


def test_a_failed_setup_says_what_failed(viewed: Viewed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(client: Any, store: Store) -> list[str]:
        raise ViewError("View x reads what is not there")

    monkeypatch.setattr("tiny_operators.operators.setup.create_views", refuse)
    monkeypatch.setattr("tiny_operators.operators.setup.ensure_pool", lambda *arguments: None)
    with pytest.raises(AirflowFailException, match="View x reads what is not there"):
        SetupStoreOperator(task_id="setup", store=viewed.store).execute({})
