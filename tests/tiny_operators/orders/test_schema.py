"""The schema files have every column that the dashboards know, and what the pipeline adds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tiny_operators.schemas import LAYOUTS, RECORDS, TABLES, Column, column_names, columns, schema_fields

_ADDRESS = "endereco enderecoNro complemento bairro cidade uf cep fone"
# Names and types that reports read: none may be renamed or retyped. `name TYPE`, a list or record with its fields.
DASHBOARDS: dict[str, str] = {
    "pdv": f"""
        uuid STRING, timestamp TIMESTAMP, id INTEGER, numero INTEGER, data DATE, frete NUMERIC, desconto STRING,
        valorICMSSubst NUMERIC, valorIPI NUMERIC, totalProdutos NUMERIC, totalVenda NUMERIC, fretePorConta STRING,
        pesoLiquido NUMERIC, pesoBruto NUMERIC, observacoes STRING, formaPagamento STRING, situacao STRING,
        contato RECORD({", ".join(f"{n} STRING" for n in f"nome fantasia codigo tipo cpfCnpj {_ADDRESS} celular email inscricaoEstadual indIEDest".split())}),
        enderecoEntrega RECORD({", ".join(f"{n} STRING" for n in f"nome tipo cpfCnpj {_ADDRESS}".split())}),
        itens REPEATED(id INTEGER, idProduto INTEGER, descricao STRING, codigo STRING, valor NUMERIC, quantidade NUMERIC,
          desconto STRING, pesoLiquido NUMERIC, pesoBruto NUMERIC, unidade STRING, tipo STRING, ncm STRING, origem STRING,
          cest STRING, gtin STRING, gtinTributavel STRING),
        parcelas REPEATED(formaPagamento STRING, dataVencimento DATE, valor NUMERIC, tPag STRING),
        source_id STRING, update_timestamp TIMESTAMP
    """,
    "pesquisa": """
        uuid STRING, timestamp TIMESTAMP, id STRING, numero STRING, numero_ecommerce STRING, data_pedido DATE,
        data_prevista DATE, nome STRING, valor NUMERIC, id_vendedor STRING, nome_vendedor STRING, situacao STRING,
        codigo_rastreamento STRING, url_rastreamento STRING, source_id STRING, update_timestamp TIMESTAMP
    """,
    "produto": """
        uuid STRING, timestamp TIMESTAMP, id INTEGER, nome STRING, codigo STRING, unidade STRING, preco NUMERIC,
        preco_promocional NUMERIC, ncm STRING, origem STRING, gtin STRING, gtin_embalagem STRING, localizacao STRING,
        peso_liquido NUMERIC, peso_bruto NUMERIC, estoque_minimo NUMERIC, estoque_maximo NUMERIC, id_fornecedor INTEGER,
        nome_fornecedor STRING, codigo_fornecedor STRING, codigo_pelo_fornecedor STRING, unidade_por_caixa STRING,
        preco_custo NUMERIC, preco_custo_medio NUMERIC, situacao STRING, tipo STRING, classe_ipi STRING,
        valor_ipi_fixo NUMERIC, cod_lista_servicos STRING, descricao_complementar STRING, garantia STRING, cest STRING,
        obs STRING, tipoVariacao STRING, variacoes STRING, idProdutoPai INTEGER, sob_encomenda STRING,
        dias_preparacao INTEGER, marca STRING, tipoEmbalagem INTEGER, alturaEmbalagem NUMERIC, larguraEmbalagem NUMERIC,
        comprimentoEmbalagem NUMERIC, diametroEmbalagem NUMERIC, qtd_volumes INTEGER, categoria STRING,
        anexos REPEATED(anexo STRING), imagens_externas REPEATED(url STRING), classe_produto STRING, seo_title STRING,
        seo_keywords STRING, link_video STRING, seo_description STRING, slug STRING, source_id STRING,
        update_timestamp TIMESTAMP
    """,
}
OURS = "store STRING, fetched_at TIMESTAMP, payload JSON"
ADDED = {
    "pdv": f"{OURS}, deleted_at TIMESTAMP",
    "pesquisa": f"{OURS}, deleted_at TIMESTAMP",
    "produto": f"{OURS}, pedido_id INTEGER, refreshed_at TIMESTAMP",
}
KEYS = {"pdv": {"store", "id"}, "pesquisa": {"store", "id"}, "produto": {"store", "pedido_id", "id"}}


def spelled(found: tuple[Column, ...]) -> set[str]:
    """Columns as ``name TYPE`` or ``name TYPE(fields…)``, without order."""
    texts = set()
    for column in found:
        kind = "REPEATED" if column.repeated else column.type
        inner = f"({','.join(sorted(spelled(column.fields)))})" if column.fields else ""
        texts.add(f"{column.name} {kind}{inner}")
    return texts


def listed(text: str) -> set[str]:
    """The same of a list above."""
    parts = re.findall(r"(\w+) (\w+)(?:\(([^)]*)\))?", re.sub(r"\s+", " ", text))
    return {
        f"{name} {kind}" + (f"({','.join(sorted(listed(inner)))})" if inner else "")
        for name, kind, inner in parts
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_of_the_dashboards_and_ours_and_no_others(table: str) -> None:
    assert spelled(columns(table)) == listed(DASHBOARDS[table]) | listed(ADDED[table])
    assert len(column_names(table)) == len(set(column_names(table)))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_stored_so_that_its_rows_are_found(table: str) -> None:
    layout = LAYOUTS[table]
    types = {column.name: column.type for column in columns(table)}
    assert set(layout.cluster) == KEYS[table]
    assert types[layout.partition] in {"DATE", "TIMESTAMP"}
    assert layout.description
    assert set(LAYOUTS) == set(DASHBOARDS) | set(RECORDS)
    assert set(TABLES) == set(DASHBOARDS)


def every_field(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for field in fields for inner in (field, *every_field(field.get("fields", [])))]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_described_and_only_what_a_row_must_have_is_required(table: str) -> None:
    for field in every_field(schema_fields(table)):
        assert field["description"].strip(), field["name"]
        assert field["mode"] in {"NULLABLE", "REQUIRED", "REPEATED"}, field["name"]
    required = {field["name"] for field in schema_fields(table) if field["mode"] == "REQUIRED"}
    assert required == KEYS[table] | {"fetched_at"}
