"""The table schemas: the columns that dashboards rely on, in BigQuery's own words, each described."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = Path(__file__).resolve().parents[1] / "include" / "schemas"
KEYS = {"pdv": {"store", "id"}, "pesquisa": {"store", "id"}, "produto": {"store", "pedido_id", "id"}}

# Columns by type: S STRING, I INTEGER, N NUMERIC, D DATE, T TIMESTAMP, J JSON, R RECORD, * REPEATED.
COLUMNS = {
    "pdv": """
        store:S uuid:S timestamp:T id:I numero:I data:D frete:N desconto:S valorICMSSubst:N valorIPI:N
        totalProdutos:N totalVenda:N fretePorConta:S pesoLiquido:N pesoBruto:N observacoes:S
        formaPagamento:S situacao:S contato:R enderecoEntrega:R itens:R* parcelas:R* source_id:S
        update_timestamp:T fetched_at:T deleted_at:T payload:J
    """,
    "pdv.contato": """
        nome:S fantasia:S codigo:S tipo:S cpfCnpj:S endereco:S enderecoNro:S complemento:S bairro:S cidade:S
        uf:S cep:S fone:S celular:S email:S inscricaoEstadual:S indIEDest:S
    """,
    "pdv.enderecoEntrega": """
        nome:S tipo:S cpfCnpj:S endereco:S enderecoNro:S complemento:S bairro:S cidade:S uf:S cep:S fone:S
    """,
    "pdv.itens": """
        id:I idProduto:I descricao:S codigo:S valor:N quantidade:N desconto:S pesoLiquido:N pesoBruto:N
        unidade:S tipo:S ncm:S origem:S cest:S gtin:S gtinTributavel:S
    """,
    "pdv.parcelas": "formaPagamento:S dataVencimento:D valor:N tPag:S",
    "pesquisa": """
        store:S uuid:S timestamp:T id:S numero:S numero_ecommerce:S data_pedido:D data_prevista:D nome:S
        valor:N id_vendedor:S nome_vendedor:S situacao:S codigo_rastreamento:S url_rastreamento:S
        source_id:S update_timestamp:T fetched_at:T deleted_at:T payload:J
    """,
    "produto": """
        store:S pedido_id:I uuid:S timestamp:T id:I nome:S codigo:S unidade:S preco:N preco_promocional:N
        ncm:S origem:S gtin:S gtin_embalagem:S localizacao:S peso_liquido:N peso_bruto:N estoque_minimo:N
        estoque_maximo:N id_fornecedor:I nome_fornecedor:S codigo_fornecedor:S codigo_pelo_fornecedor:S
        unidade_por_caixa:S preco_custo:N preco_custo_medio:N situacao:S tipo:S classe_ipi:S
        valor_ipi_fixo:N cod_lista_servicos:S descricao_complementar:S garantia:S cest:S obs:S
        tipoVariacao:S variacoes:S idProdutoPai:I sob_encomenda:S dias_preparacao:I marca:S tipoEmbalagem:I
        alturaEmbalagem:N larguraEmbalagem:N comprimentoEmbalagem:N diametroEmbalagem:N qtd_volumes:I
        categoria:S anexos:R* imagens_externas:R* classe_produto:S seo_title:S seo_keywords:S link_video:S
        seo_description:S slug:S source_id:S update_timestamp:T fetched_at:T refreshed_at:T payload:J
    """,
    "produto.anexos": "anexo:S",
    "produto.imagens_externas": "url:S",
}
TYPES = {
    "S": "STRING",
    "I": "INTEGER",
    "N": "NUMERIC",
    "D": "DATE",
    "T": "TIMESTAMP",
    "J": "JSON",
    "R": "RECORD",
}

# Columns that hold, or may hold, what is known of a person; every field of the two address records does.
PERSONAL = {
    "pdv": {"observacoes", "contato", "enderecoEntrega", "payload"},
    "pesquisa": {"nome", "nome_vendedor", "payload"},
    "produto": set[str](),
}


def schema(table: str) -> list[dict[str, Any]]:
    fields = json.loads((SCHEMAS / f"{table}.json").read_text(encoding="utf-8"))
    assert isinstance(fields, list)
    return fields


def walk(path: str, fields: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field with its path, records before what is in them."""
    for field in fields:
        here = f"{path}.{field['name']}"
        yield here, field
        yield from walk(here, field.get("fields", []))


def all_fields() -> list[tuple[str, dict[str, Any]]]:
    return [pair for table in KEYS for pair in walk(table, schema(table))]


def test_there_is_one_file_a_table() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} >= set(KEYS)


@pytest.mark.parametrize("path", COLUMNS)
def test_columns_are_those_that_reports_read(path: str) -> None:
    table, _, record = path.partition(".")
    fields = schema(table)
    if record:
        fields = next(field["fields"] for field in fields if field["name"] == record)
    found = [(field["name"], field["type"], field["mode"] == "REPEATED") for field in fields]
    expected = [
        (name, TYPES[kind[0]], kind.endswith("*")) for name, kind in map(split, COLUMNS[path].split())
    ]
    assert found == expected


def split(column: str) -> tuple[str, str]:
    name, _, kind = column.partition(":")
    return name, kind


def test_every_record_is_listed_here() -> None:
    records = {path for path, field in all_fields() if field["type"] == "RECORD"}
    assert records == {path for path in COLUMNS if "." in path}


def test_bigquery_takes_every_field() -> None:
    for path, field in all_fields():
        record = {"fields"} if field["type"] == "RECORD" else set()
        assert set(field) == {"name", "type", "mode", "description"} | record, path
        assert field["type"] in TYPES.values(), path
        assert field["mode"] in {"NULLABLE", "REQUIRED", "REPEATED"}, path


def test_the_analyst_can_read_what_each_field_is() -> None:
    for path, field in all_fields():
        meaning, _, source = field["description"].removesuffix(".").partition(". Fonte: ")
        assert len(meaning) > 10, path
        of_tiny = source.removesuffix("[]").endswith(f".{field['name']}")
        assert of_tiny or source.startswith(("pipeline", "retorno de ", "pedido em retorno de ")), path
        # BigQuery's limit.
        assert len(field["description"]) <= 1024, path


@pytest.mark.parametrize("table", KEYS)
def test_only_keys_are_required(table: str) -> None:
    required = {field["name"] for field in schema(table) if field["mode"] == "REQUIRED"}
    assert required == KEYS[table] | {"fetched_at"}
    nested = [field for path, field in walk(table, schema(table)) if path.count(".") > 1]
    assert all(field["mode"] == "NULLABLE" for field in nested)


def test_personal_data_is_marked() -> None:
    for path, field in all_fields():
        table, column = path.split(".")[:2]
        assert ("dado pessoal)" in field["description"]) == (column in PERSONAL[table]), path
