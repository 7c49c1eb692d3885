"""How the views are rendered and described, and what is said when BigQuery refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from google.api_core import exceptions

from tiny_operators.google_errors import NoRightError
from tiny_operators.stores import Store, include_dir, load_stores
from tiny_operators.warehouse.views import View, ViewColumn, ViewError, create_views, view_macros, views

STORE = load_stores()[0]
# Its classes have no types.
ERRORS: Any = exceptions
# Columns by view, in their order; reports rely on the names.
ORDER_HEAD = (
    "uuid timestamp pedido_dia pedido_hora pedido_id pedido_numero cliente_chave vendedor_nome vendedor_id"
)
ORDER = (
    f"{ORDER_HEAD} valor_produtos_custo valor_produtos_sem_desconto desconto_produtos desconto_pedido desconto_total "
    "valor_frete valor_faturado valor_lucro custo_completo forma_pagamento situacao venda_efetiva cancelado excluido "
    "source_id processed_timestamp valor_ipi valor_icms_st diferenca itens unidades"
)
COLUMNS = {
    "pedidos": ORDER,
    "itens_pedido": (
        f"{ORDER_HEAD} venda_efetiva cancelado excluido item_posicao produto_id produto_nome "
        "produto_categoria_principal produto_categoria_secundaria produto_valor_custo_und "
        "produto_valor_sem_desconto_und produto_valor_com_desconto_und produto_valor_lucro_und desconto_produto_und "
        "desconto_pedido_und desconto_total_und produto_quantidade desconto_produto desconto_pedido desconto_total "
        "total_produto_valor_custo total_produto_valor_sem_desconto total_produto_valor_faturado "
        "total_produto_valor_lucro forma_pagamento source_id processed_timestamp"
    ),
    "pedidos_fora_das_vendas": f"{ORDER} motivo",
    "vendas_por_dia": (
        "dia pedidos itens faturamento desconto custo margem ticket_medio clientes clientes_novos pedidos_sem_custo"
    ),
    "vendas_por_produto_dia": (
        "dia produto_id produto_nome categoria_principal categoria_secundaria unidades faturamento custo margem"
    ),
    "produtos": (
        "produto_id produto_nome categoria_principal categoria_secundaria unidades faturamento margem participacao "
        "classe_abc ultima_venda"
    ),
    "vendas_por_vendedor": "dia vendedor_id vendedor_nome pedidos faturamento desconto margem ticket_medio",
    "vendas_por_forma_pagamento": "dia forma_pagamento pedidos valor",
    "vendas_por_hora": "dia dia_semana hora pedidos faturamento",
    "clientes": (
        "cliente_chave primeira_compra ultima_compra pedidos faturamento ticket_medio dias_entre_compras"
    ),
    "atualizacao": (
        "ultima_venda_recebida ultima_carga pedidos_hoje pedidos_ontem pedidos_sem_custo_30_dias "
        "ultima_reconciliacao diferencas diferencas_abertas campos_nao_lidos_7_dias"
    ),
    "reconciliacao": (
        "dia comparado_em pedidos_na_tiny pedidos_no_bigquery faltavam mudaram sumiram diferenca_valor consertados "
        "abertos"
    ),
}
PERSONAL = ["cliente_nome", "cliente_cpf", "cliente_email", "cliente_celular"]


def by_path(store: Store = STORE) -> dict[str, View]:
    return {view.path: view for view in views(store)}


def names(view: View) -> list[str]:
    return [column.name for column in view.columns]


def test_the_default_views_have_the_columns_that_reports_read() -> None:
    found = {view.name: names(view) for view in views(STORE) if view.dataset == "z316_tiny_relatorios"}
    assert found == {name: columns.split() for name, columns in COLUMNS.items()}


def test_the_personal_views_have_the_customer_after_the_orders_number() -> None:
    found = {view.name: names(view) for view in views(STORE) if view.dataset == "z316_tiny_pessoal"}
    assert found.keys() == {"pedidos", "itens_pedido"}
    for name, columns in found.items():
        place = columns.index("pedido_numero") + 1
        assert columns[place : place + 4] == PERSONAL
        assert columns[:place] + columns[place + 4 :] == COLUMNS[name].split()


def test_each_view_has_its_sql_and_each_sql_its_view() -> None:
    files = {path.stem for path in (include_dir() / "sql" / "views").glob("*.sql")}
    assert files - {"macros"} == COLUMNS.keys()


def test_all_is_described_within_bigquerys_limits() -> None:
    for view in views(STORE):
        assert 10 < len(view.description) <= 1024
        for column in view.columns:
            assert 10 < len(column.description) <= 1024, f"{view.path}.{column.name}"
            assert ("(dado pessoal)" in column.description) == column.personal, f"{view.path}.{column.name}"


def test_money_is_numeric() -> None:
    for view in views(STORE):
        for column in view.columns:
            if re.match(
                r"valor|desconto|total|custo$|margem|faturamento|ticket|produto_valor|diferenca$", column.name
            ):
                assert column.type == "NUMERIC", f"{view.path}.{column.name}"
        assert not {column.type for column in view.columns} & {"FLOAT", "FLOAT64"}


def test_a_view_comes_after_those_that_it_reads() -> None:
    made: set[str] = set()
    for view in views(STORE):
        assert {needed.path for needed in view.needs} <= made
        made.add(view.path)
        read = set(re.findall(r"`z316_tiny_relatorios\.(\w+)`", view.query))
        assert read == {needed.name for needed in view.needs}


def test_each_view_reads_only_its_store() -> None:
    for view in views(STORE):
        tables = re.findall(r"`z316_tiny(?:_chaves)?\.(\w+)`", view.query)
        assert len(re.findall(r'store = "z316"', view.query)) == len(tables), view.path


def test_the_statement_replaces_the_view_with_its_descriptions() -> None:
    columns = (ViewColumn("dia", "DATE", 'O "dia"'), ViewColumn("valor", "NUMERIC", "Valor\\ão"))
    view = View("relatorios", "vendas", "SELECT 1", "Duas\nlinhas", columns)
    assert view.statement() == (
        "CREATE OR REPLACE VIEW `relatorios.vendas` (\n"
        '  `dia` OPTIONS (description = "O \\"dia\\""),\n'
        '  `valor` OPTIONS (description = "Valor\\\\ão")\n'
        ")\n"
        f'OPTIONS (description = "Duas\\nlinhas", labels = [("definition", "{view.definition}")])\n'
        "AS\nSELECT 1"
    )
    # What BigQuery takes as the value of a label.
    assert re.fullmatch(r"[a-z0-9_-]{1,63}", view.definition)


def test_the_definition_changes_with_all_that_makes_a_view() -> None:
    view = by_path()["z316_tiny_relatorios.pedidos"]
    column = replace(view.columns[0], description="another")
    others = [
        replace(view, query=view.query + " "),
        replace(view, description="another"),
        replace(view, columns=(column, *view.columns[1:])),
        replace(view, needs=(view,)),
    ]
    assert len({view.definition, *(other.definition for other in others)}) == 5
    assert by_path()["z316_tiny_relatorios.pedidos"].definition == view.definition


def test_the_stores_facts_are_in_the_views() -> None:
    other = replace(
        STORE,
        timezone="America/Manaus",
        effective_statuses=("Não Entregue", 'a"b', "c\\d"),
        report_dataset="meus",
    )
    assert view_macros(other)["effective_statuses"] == '"nao entregue", "a\\"b", "c\\\\d"'
    nobody = replace(other, cnpj="11222333000181", placeholder_contacts=("A@B.invalid", "0 61 3333-4444"))
    assert view_macros(nobody)["placeholder_contacts"].split(", ") == [
        *('"01234567890"', '"06133334444"', '"11222333000181"', '"12345678000195"', '"1234567890"'),
        *('"12345678909"', '"6133334444"', '"98765432100"', '"a@b.invalid"'),
    ]
    query = by_path(other)["meus.pedidos"].query
    assert '"America/Manaus"' in query
    assert '"nao entregue"' in query
    assert "America/Sao_Paulo" not in query


class Refusing:
    """Stands for a BigQuery that refuses, which the emulator never does."""

    project = "z316-local"

    def __init__(self, listing: Exception | None, creating: Exception | None) -> None:
        self._listing, self._creating = listing, creating

    def list_tables(self, dataset: str) -> list[Any]:
        if self._listing:
            raise self._listing
        return []

    def query_and_wait(self, statement: str, **arguments: Any) -> None:
        if self._creating:
            raise self._creating


@pytest.mark.parametrize(
    ("listing", "creating", "error", "said"),
    [
        (ERRORS.Forbidden("x"), None, NoRightError, r"list the views of z316_tiny_relatorios.*dataEditor"),
        (
            None,
            ERRORS.Forbidden("x"),
            NoRightError,
            r"create view z316_tiny_\w+\.\w+: .*dataEditor on .*z316_tiny,.*jobUser",
        ),
        (
            None,
            ERRORS.NotFound("Table p:z316_tiny.pdv was not found"),
            ViewError,
            r"z316_tiny\.pdv was not found",
        ),
        (
            None,
            ERRORS.BadRequest("Unrecognized name: novo"),
            ViewError,
            r"cannot be created: Unrecognized name: novo",
        ),
    ],
)
def test_a_refusal_is_explained(
    listing: Exception | None, creating: Exception | None, error: type[Exception], said: str
) -> None:
    client: Any = Refusing(listing, creating)
    with pytest.raises(error, match=said):
        create_views(client, STORE)
