"""The page as text: what stands in it, for sales and for none."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from local.report_page import page
from local.report_page.values import Product, Report


def texts(report: Report) -> dict[str, tuple[str, str]]:
    return {figure.name: (figure.text, figure.note) for figure in page.figures(report)}


def test_the_period_in_figures(report: Report) -> None:
    assert texts(report) == {
        "Faturamento": ("R$ 2.000,00", ""),
        "Margem": ("R$ 400,00", "sem 1 pedido de custo desconhecido"),
        "Ticket médio": ("R$ 500,00", ""),
        "Pedidos": ("4", ""),
        "Clientes novos": ("3", ""),
    }


def test_margin_is_told_as_a_part_only_where_every_cost_is_known(report: Report) -> None:
    known = dataclasses.replace(report, days=report.days[:1])
    assert texts(known)["Margem"] == ("R$ 400,10", "32,4% do faturamento")


def test_a_margin_that_nobody_knows_is_not_zero(report: Report) -> None:
    unknown = dataclasses.replace(report.days[0], margin=None, orders_without_cost=3)
    assert texts(dataclasses.replace(report, days=(unknown,)))["Margem"][0] == "—"


def test_days_and_hours_without_sales_stand_between_those_with(report: Report) -> None:
    assert page.by_day(report).rows == [
        ("21/11/2026", "3", "R$ 1.234,56", "R$ 400,10"),
        ("22/11/2026", "0", "R$ 0,00", "R$ 0,00"),
        ("23/11/2026", "1", "R$ 765,44", "-R$ 0,10"),
    ]
    hours = page.by_hour(report).rows
    assert [row[:2] for row in hours[8:12]] == [("8h", "0"), ("9h", "1"), ("10h", "0"), ("11h", "3")]
    assert [hours[0][0], hours[-1][0], len(hours)] == ["0h", "23h", 24]


def test_the_parts_of_the_payment_forms(report: Report) -> None:
    assert page.payments(report).rows == [
        ("Pix", "3", "R$ 1.500,00", "75,0%"),
        ("Não informada", "2", "R$ 500,00", "25,0%"),
    ]


def test_names_are_text_never_markup(report: Report) -> None:
    html = page.render(report)
    assert "<b>" not in html
    # In the chart and in the table.
    assert html.count("Pão &amp; Queijo &lt;b&gt;") == 2


def test_the_page_needs_nothing_from_outside(report: Report) -> None:
    html = page.render(report)
    assert "<script" not in html
    assert "default-src 'none'" in html
    outside = html.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert "http" not in outside.replace("http-equiv", "")


def test_without_sales_the_page_says_so(empty: Report) -> None:
    html = page.render(empty)
    assert html.count("Sem vendas no período.") == 5
    assert "<svg" not in html
    assert "21/11/2026 a 23/11/2026" in html
    assert texts(empty)["Faturamento"] == ("R$ 0,00", "")
    assert texts(empty)["Ticket médio"] == ("—", "")


def test_a_long_period_and_odd_values_are_drawn(report: Report) -> None:
    odd = (
        Product("Ç" * 300, Decimal(0), Decimal(0), Decimal(0)),
        Product('"}, \\ &amp;', Decimal(1), Decimal("-5.00"), Decimal("-5.00")),
    )
    long = dataclasses.replace(report, first=report.last - timedelta(days=365), products=odd)
    html = page.render(long)
    assert html.count("<svg") == 7
    assert "NaN" not in html
    assert len(html) < 2_000_000


def test_freshness_is_told_on_the_store_s_clock(report: Report) -> None:
    reported = {figure.name: figure.text for figure in page.freshness(report)}
    assert reported["Última venda recebida"] == "23/11/2026 às 15:30"
    assert reported["Última reconciliação com o Tiny"] == "ainda não feita"
    assert (reported["Diferenças encontradas"], reported["Diferenças em aberto"]) == ("—", "—")


def test_the_last_comparison_is_told(report: Report) -> None:
    compared = dataclasses.replace(
        report.freshness,
        last_reconcile=datetime(2026, 11, 22, 8, tzinfo=UTC),
        differences=1234,
        open_differences=0,
    )
    reported = {
        figure.name: figure.text for figure in page.freshness(dataclasses.replace(report, freshness=compared))
    }
    assert reported["Última reconciliação com o Tiny"] == "22/11/2026 às 05:00"
    assert (reported["Diferenças encontradas"], reported["Diferenças em aberto"]) == ("1.234", "0")


def test_axes_tell_large_amounts_in_thousands(report: Report) -> None:
    assert ">1.200<" in page.by_day(report).narrow
    assert " mil<" not in page.by_day(report).narrow
    large = dataclasses.replace(report.days[0], revenue=Decimal("12345.67"))
    drawn = page.by_day(dataclasses.replace(report, days=(large,))).narrow
    assert {">0<", ">10 mil<"} <= set(re.findall(r">[^<]+<", drawn))
