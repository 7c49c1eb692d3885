"""The views that look back from today: products with their class, and how fresh the data is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.component.views.reference import Ask, Reference
from tests.component.views.rows import (
    Row,
    Tables,
    Viewed,
    line,
    number,
    order,
    product,
    search_line,
    table,
)
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack

# Comparisons, their dates by days ago: b is the last one of this store.
COMPARED = table("""
    run | store | date | at  | tiny | bigquery | missing | changed | vanished | value | repaired | open
    a   | loja  | 10   | 7   | 5    | 4        | 1       | 1       | 0        | 10.50 | 1        | 3101
    a   | loja  | 9    | 7   | 3    | 3        | 0       | 2       | 0        | -0.10 | 0        | 3102 3103
    b   | loja  | 10   | 1   | 5    | 5        | 0       | 1       | 0        | 0     | 1        | -
    b   | loja  | 8    | 1   | 2    | 3        | 0       | 0       | 1        | -7.00 | 1        | -
    c   | outra | 8    | 0   | 9    | 0        | 9       | 0       | 0        | 90.00 | 0        | 3104
    d   | loja  | 365  | 300 | 1    | 0        | 1       | 0       | 0        | 1.00  | 0        | 3105  # too long ago
""")
RECONCILED = table("""
    dia | em | pedidos_na_tiny | pedidos_no_bigquery | faltavam | mudaram | sumiram | valor | consertados | abertos
    10  | 1  | 5               | 5                   | 0        | 1       | 0       | 0     | 1           | 0
    9   | 7  | 3               | 3                   | 0        | 2       | 0       | -0.10 | 0           | 2
    8   | 1  | 2               | 3                   | 0        | 0       | 1       | -7.00 | 1           | 0
""")

# What the table rejeitados tells, and how many days ago: four values of this store could not be read in the last week.
TOLD = table("""
    days | store | kind   | pedido | produto | field
    0    | loja  | note   | 3001   | -       | pdv.frete
    3    | loja  | note   | 3001   | -       | pdv.frete            # the same again
    6    | loja  | note   | 3001   | -       | pdv.numero
    6    | loja  | note   | 3002   | 31      | produto.preco_custo
    6    | loja  | note   | 3002   | 32      | produto.preco_custo
    7    | loja  | note   | 3003   | -       | pdv.frete            # too long ago
    0    | outra | note   | 3004   | -       | pdv.frete
    0    | loja  | reject | 3005   | -       | pdv.totalVenda
    0    | loja  | -      | 3006   | -       | pdv.totalVenda       # of the time before notes
""")


@pytest.fixture(scope="module")
def today(viewed_store: Store) -> date:
    return datetime.now(ZoneInfo(viewed_store.timezone)).date()


@pytest.fixture(scope="module")
def arrived(today: date) -> datetime:
    """When the latest sale arrived."""
    return datetime(today.year, today.month, today.day, 3, 0, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def recent(engine: Viewed | Reference, today: date, arrived: datetime) -> Viewed | Reference:
    found: Tables = {"pdv": [], "pesquisa": [], "produto": []}

    def sell(pedido: int, days_ago: int, produto: int, valor: str, cost: str | None, **fields: str) -> None:
        name = fields.pop("nome", f"Produto {produto}")
        row = order(pedido, today - timedelta(days=days_ago), valor, [line(produto, valor)]) | fields
        found["pdv"].append(row)
        found["pesquisa"].append(search_line(row))
        found["produto"].append(product(row, produto, cost, nome=name, categoria="Vinhos"))

    live = {"timestamp": arrived.isoformat(), "source_id": "webhook-0.1.0"}
    # Of 1000.00: 800.00, 150.00, 40.00, 10.00.
    sell(3001, 0, 31, "300.00", "100.00", nome="Nome novo", **live)
    sell(3002, 1, 31, "500.00", "100.00", nome="Nome antigo")
    sell(3003, 1, 32, "150.00", "100.00")
    sell(3004, 29, 33, "40.00", None)
    sell(3005, 30, 34, "6.00", None)
    sell(3006, 364, 34, "4.00", "1.00")
    # Too old, or no sale.
    sell(3007, 365, 34, "999.00", "1.00")
    sell(3008, 0, 34, "999.00", None, situacao="Cancelado")
    engine.load({
        **found,
        "reconciliation": [reconciled(row, today) for row in COMPARED],
        "rejeitados": [reported(row, number) for number, row in enumerate(TOLD)],
    })
    return engine


def reported(row: dict[str, str | None], number: int) -> Row:
    """A row of the table ``rejeitados``."""
    at = datetime.now(UTC) - timedelta(days=int(str(row["days"])), hours=1)
    reported = {name: value for name, value in row.items() if name != "days"}
    return {"id": f"told-{number}", "rejected_at": at.isoformat(), **reported}


def compared_at(today: date, days_ago: str | None) -> datetime:
    day = today - timedelta(days=int(str(days_ago)))
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC)


def reconciled(row: dict[str, str | None], today: date) -> Row:
    """A row of the table ``reconciliation``."""
    return {
        "store": row["store"],
        "date": str(today - timedelta(days=int(str(row["date"])))),
        "run": row["run"],
        "compared_at": compared_at(today, row["at"]).isoformat(),
        "orders_in_tiny": row["tiny"],
        "orders_in_bigquery": row["bigquery"],
        "value_difference": row["value"],
        "unrepaired": (row["open"] or "").split(),
        **{name: row[name] for name in ("missing", "changed", "vanished", "repaired")},
    }


def test_products_by_share_and_class(recent: Viewed | Reference, today: date) -> None:
    found = {row["produto_id"]: row for row in recent.rows("produtos", "produto_id IS NOT NULL")}
    names = (
        "produto_nome",
        "unidades",
        "faturamento",
        "margem",
        "participacao",
        "classe_abc",
        "ultima_venda",
    )
    day = timedelta(days=1)
    assert {produto: tuple(row[name] for name in names) for produto, row in found.items()} == {
        31: ("Nome novo", 2, Decimal(800), Decimal(600), Decimal("0.8"), "A", today),
        32: ("Produto 32", 1, Decimal(150), Decimal(50), Decimal("0.15"), "B", today - day),
        33: ("Produto 33", 1, Decimal(40), None, Decimal("0.04"), "C", today - 29 * day),
        34: ("Produto 34", 2, Decimal(10), Decimal(3), Decimal("0.01"), "C", today - 30 * day),
    }


def test_how_fresh_the_data_is(recent: Viewed | Reference, today: date, arrived: datetime) -> None:
    (found,) = recent.rows("atualizacao")
    assert found == {
        "ultima_venda_recebida": arrived,
        "ultima_carga": datetime(today.year, today.month, today.day, 9, tzinfo=UTC),
        "pedidos_hoje": 1,
        "pedidos_ontem": 2,
        "pedidos_sem_custo_30_dias": 1,
        "ultima_reconciliacao": compared_at(today, "1"),
        "diferencas": 2,
        "diferencas_abertas": 2,
        "campos_nao_lidos_7_dias": 4,
    }


def test_before_the_first_comparison_nothing_is_said_of_it(language: Ask, viewed_store: Store) -> None:
    (found,) = Reference(language, viewed_store).rows("atualizacao")
    assert [found[name] for name in ("ultima_reconciliacao", "diferencas", "diferencas_abertas")] == [
        None
    ] * 3


def test_of_each_date_the_last_comparison_counts(recent: Viewed | Reference, today: date) -> None:
    rows = recent.rows("reconciliacao", f"dia > '{today - timedelta(days=30)}'")
    found = {(today - row.pop("dia")).days: row for row in rows}
    assert found == {
        int(str(row["dia"])): {
            "comparado_em": compared_at(today, row["em"]),
            "diferenca_valor": number(row["valor"]),
            **{name: int(str(row[name])) for name in list(row)[2:] if name != "valor"},
        }
        for row in RECONCILED
    }


def test_a_sale_of_today_is_in_todays_row(recent: Viewed | Reference, today: date) -> None:
    rows: list[Row] = recent.rows("vendas_por_dia", f"dia = '{today}'")
    assert [(row["pedidos"], row["faturamento"]) for row in rows] == [(1, Decimal(300))]
