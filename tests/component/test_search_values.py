"""A search line's values equal what BigQuery gives back of its row, so that a day without changes has none to read."""

from __future__ import annotations

import io
from typing import Any

import pytest

from local.tiny_simulator.settings import PROFILES
from local.tiny_simulator.wire_orders import search_row
from tests.simulator.shops import make_shop
from tests.tiny_operators.helpers import to_json
from tests.tiny_operators.raw_orders import changed, order, page
from tiny_operators.orders.rows import SEARCH_VALUES, order_rows, row_texts, search_values
from tiny_operators.schemas import schema_fields
from tiny_operators.stores import Store
from tiny_operators.tiny.answers import parse_json
from tiny_operators.tiny.search import lines

pytestmark = pytest.mark.stack


def test_every_line_equals_its_row(store: Store) -> None:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from google.cloud import bigquery

    texts: list[str] = []
    expected: dict[str, Any] = {}
    for made in make_shop(profile="hostile", days=2).orders.values():
        listing = {"retorno": {"status_processamento": 3, "pedidos": [search_row(made, PROFILES["hostile"])]}}
        answer = parse_json(to_json(listing))
        (line,) = lines(answer["retorno"])
        line["nome"] = f"{line['nome']} corte \ud83c"
        expected[str(made.id)] = search_values(line)
        sold = changed("pdv_pedido_obter.json", "pedido", "id", value=str(made.id))
        texts += row_texts(order_rows(order(sold, made.id), page(answer), {}).rows["pesquisa"])
    client = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    table = f"{store.staging_dataset}.search_values"
    config = bigquery.LoadJobConfig(
        schema=[bigquery.SchemaField.from_api_repr(field) for field in schema_fields("pesquisa")],
        source_format="NEWLINE_DELIMITED_JSON",
        write_disposition="WRITE_TRUNCATE",
    )
    client.load_table_from_file(io.BytesIO("".join(texts).encode()), table, job_config=config).result()
    found = client.query_and_wait(f"SELECT id, {', '.join(SEARCH_VALUES)} FROM {table}")
    assert {row["id"]: {name: row[name] for name in SEARCH_VALUES} for row in found} == expected
    assert expected
