"""What is read from the views: from hand-made rows of their names, and from the views themselves."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from google.cloud import bigquery

from local.report_page.page import render
from local.report_page.queries import read_report
from local.report_page.values import Day, Freshness, Hour, Payment, Product, Seller
from local.stack.settings import PROJECT
from tiny_operators.stores import Store, load_stores
from tiny_operators.warehouse.views import create_views

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
"""Still the 23rd in São Paulo."""

ROWS = {
    "vendas_por_dia": """
        SELECT DATE '2026-11-20' AS dia, 9 AS pedidos, NUMERIC '9' AS faturamento, NUMERIC '9' AS margem,
          9 AS clientes_novos, 9 AS pedidos_sem_custo
        UNION ALL SELECT DATE '2026-11-23', 2, NUMERIC '30.10', CAST(NULL AS NUMERIC), 1, 2
        UNION ALL SELECT DATE '2026-11-22', 1, NUMERIC '0.20', NUMERIC '0.05', 0, 0""",
    "vendas_por_produto_dia": """
        SELECT DATE '2026-11-22' AS dia, 7 AS produto_id, 'Queijo' AS produto_nome, NUMERIC '0.5' AS unidades,
          NUMERIC '10.10' AS faturamento, NUMERIC '1' AS margem
        UNION ALL SELECT DATE '2026-11-23', 7, 'Queijo', NUMERIC '1.5', NUMERIC '20', NUMERIC '2'
        UNION ALL SELECT DATE '2026-11-23', NULL, 'Embrulho', NUMERIC '1', NUMERIC '0.20', NULL
        UNION ALL SELECT DATE '2026-11-23', NULL, 'Cesta', NUMERIC '1', NUMERIC '99', NULL
        UNION ALL SELECT DATE '2026-11-20', 8, 'Antigo', NUMERIC '1', NUMERIC '500', NUMERIC '1'""",
    "vendas_por_vendedor": """
        SELECT DATE '2026-11-22' AS dia, '1' AS vendedor_id, 'Vendedora Exemplo' AS vendedor_nome, 1 AS pedidos,
          NUMERIC '0.20' AS faturamento, NUMERIC '0.05' AS margem
        UNION ALL SELECT DATE '2026-11-23', '1', 'Vendedora Exemplo', 1, NUMERIC '10.05', NULL
        UNION ALL SELECT DATE '2026-11-23', NULL, 'Sem vendedor', 1, NUMERIC '20.05', NULL""",
    "vendas_por_forma_pagamento": """
        SELECT DATE '2026-11-22' AS dia, 'pix' AS forma_pagamento, 1 AS pedidos, NUMERIC '0.20' AS valor
        UNION ALL SELECT DATE '2026-11-23', 'pix', 2, NUMERIC '30.10'
        UNION ALL SELECT DATE '2026-11-20', 'dinheiro', 1, NUMERIC '30.10'""",
    "vendas_por_hora": """
        SELECT DATE '2026-11-22' AS dia, 9 AS hora, 1 AS pedidos, NUMERIC '0.20' AS faturamento
        UNION ALL SELECT DATE '2026-11-23', 9, 1, NUMERIC '10.10'
        UNION ALL SELECT DATE '2026-11-23', 8, 1, NUMERIC '20'""",
    "atualizacao": """
        SELECT TIMESTAMP '2026-11-24 02:00:00+00' AS ultima_venda_recebida, CAST(NULL AS TIMESTAMP) AS ultima_carga,
          2 AS pedidos_hoje, 1 AS pedidos_ontem, 3 AS pedidos_sem_custo_30_dias,
          TIMESTAMP '2026-11-22 08:00:00+00' AS ultima_reconciliacao, 5 AS diferencas, 2 AS diferencas_abertas""",
}


@pytest.fixture
def handmade(emulators: dict[str, str]) -> Iterator[Store]:
    """A store whose report dataset holds rows made by hand."""
    store = dataclasses.replace(load_stores()[0], report_dataset="painel_feito_a_mao")
    client = bigquery.Client(project=PROJECT)
    client.create_dataset(store.report_dataset)
    for view, query in ROWS.items():
        client.query_and_wait(f"CREATE TABLE `{store.report_dataset}.{view}` AS {query}")
    yield store
    client.delete_dataset(store.report_dataset, delete_contents=True)


def test_sums_of_the_period_alone(handmade: Store) -> None:
    report = read_report(bigquery.Client(project=PROJECT), handmade, 3, NOW)
    assert (report.first, report.last) == (date(2026, 11, 21), date(2026, 11, 23))
    assert report.days == (
        Day(date(2026, 11, 22), 1, Decimal("0.20"), Decimal("0.05")),
        Day(date(2026, 11, 23), 2, Decimal("30.10"), None, 1, 2),
    )
    assert report.products == (
        Product("Cesta", Decimal(1), Decimal(99), None),
        Product("Queijo", Decimal(2), Decimal("30.10"), Decimal(3)),
        Product("Embrulho", Decimal(1), Decimal("0.20"), None),
    )
    assert report.sellers == (
        Seller("Sem vendedor", 1, Decimal("20.05"), None),
        Seller("Vendedora Exemplo", 2, Decimal("10.25"), Decimal("0.05")),
    )
    assert report.payments == (Payment("pix", 3, Decimal("30.30")),)
    assert report.hours == (Hour(8, 1, Decimal(20)), Hour(9, 2, Decimal("10.30")))
    webhook = datetime(2026, 11, 24, 2, tzinfo=UTC)
    reconciled = datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert report.freshness == Freshness(webhook, None, 2, 1, 3, reconciled, 5, 2)


def test_the_views_have_what_is_asked_of_them(store: Store) -> None:
    """Also where nothing was sold: no sale is made on these dates."""
    client = bigquery.Client(project=PROJECT)
    create_views(client, store)
    report = read_report(client, store, 3, datetime(2001, 1, 3, 12, tzinfo=UTC))
    assert (report.days, report.products, report.sellers, report.payments, report.hours) == (
        (),
        (),
        (),
        (),
        (),
    )
    assert "Sem vendas no período." in render(report)


def test_the_command_writes_the_page_and_says_where(store: Store, tmp_path: Path) -> None:
    create_views(bigquery.Client(project=PROJECT), store)
    path = tmp_path / "painel.html"
    command = [sys.executable, "-m", "local.report_page", "--days", "2", "--page", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, path.as_uri()), done.stderr
    assert f"Painel de vendas: {store.name}" in path.read_text(encoding="utf-8")
