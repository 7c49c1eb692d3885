"""The page: values in, one HTML document out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import jinja2

from local.report_page import charts
from local.report_page.formats import money, payment_form, percent
from local.report_page.values import Report
from tiny_operators.situation.formats import UNKNOWN, counted, day, moment, number
from tiny_operators.situation.page import TEMPLATES

FILE_NAME = "painel.html"

_NARROW_PX = 340
_WIDE_PX = 860


@dataclass(frozen=True)
class Figure:
    """One number with its name, and what must be known to read it."""

    name: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A chart with its table.

    Attributes:
        id: Name within the page.
        title: Heading.
        label: What the chart shows, for those who do not see it.
        columns: Head of the table.
        rows: The table, as texts; none when nothing was sold.
        narrow: The chart for a phone or half a page (SVG).
        wide: The chart for a whole page (SVG); empty when the narrow one serves.
        note: What must be known to read the chart.
        legend: Class of each colour, and what it stands for.
    """

    id: str
    title: str
    label: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    narrow: str = ""
    wide: str = ""
    note: str = ""
    legend: Sequence[tuple[str, str]] = ()


def render(report: Report) -> str:
    """Make the page of a report: one document that needs no other file, no network and no script."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([Path(__file__).parent, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"day": day, "moment": moment}
    return environment.get_template("page.html.j2").render(
        report=report,
        figures=figures(report),
        sections=[by_day(report), products(report), sellers(report), payments(report), by_hour(report)],
        freshness=freshness(report),
    )


def figures(report: Report) -> list[Figure]:
    """Summarise the period in five numbers."""
    if report.orders_without_cost:
        unknown = counted(report.orders_without_cost, "pedido", "pedidos")
        margin_note = f"sem {unknown} de custo desconhecido"
    else:
        margin_note = f"{percent(report.margin, report.revenue)} do faturamento" if report.revenue else ""
    return [
        Figure("Faturamento", money(report.revenue)),
        Figure("Margem", money(report.margin), margin_note),
        Figure("Ticket médio", money(report.average_ticket)),
        Figure("Pedidos", number(report.orders)),
        Figure("Clientes novos", number(report.new_customers)),
    ]


def by_day(report: Report) -> Section:
    """Show revenue and margin of each day, also of those without sales."""
    days = report.every_day() if report.days else []
    series = [(f"{each.day:%d/%m}", each.revenue, each.margin) for each in days]
    draw = charts.columns_within
    return Section(
        id="dias",
        title="Faturamento e margem por dia",
        label=f"Gráfico de {counted(len(days), 'dia', 'dias')}: faturamento em colunas, e a margem dentro de cada uma.",
        columns=("Dia", "Pedidos", "Faturamento", "Margem"),
        rows=[(day(each.day), number(each.orders), money(each.revenue), money(each.margin)) for each in days],
        narrow=draw(series, _NARROW_PX, "R$") if days else "",
        wide=draw(series, _WIDE_PX, "R$") if days else "",
        legend=(("revenue", "Faturamento"), ("margin", "Margem")),
    )


def products(report: Report) -> Section:
    """Show the products that brought most."""
    sold = report.products
    return Section(
        id="produtos",
        title=f"Produtos: os {len(sold)} maiores" if len(sold) > 1 else "Produtos",
        label="Gráfico de barras: faturamento de cada produto, do maior ao menor.",
        columns=("Produto", "Unidades", "Faturamento", "Margem"),
        rows=[(each.name, number(each.units), money(each.revenue), money(each.margin)) for each in sold],
        narrow=_bars([(each.name, money(each.revenue), each.revenue) for each in sold]),
    )


def sellers(report: Report) -> Section:
    """Show what each seller sold."""
    return Section(
        id="vendedores",
        title="Vendedores",
        label="Gráfico de barras: faturamento de cada vendedor, do maior ao menor.",
        columns=("Vendedor", "Pedidos", "Faturamento", "Margem"),
        rows=[
            (each.name, number(each.orders), money(each.revenue), money(each.margin))
            for each in report.sellers
        ],
        narrow=_bars([(each.name, money(each.revenue), each.revenue) for each in report.sellers]),
    )


def payments(report: Report) -> Section:
    """Show what was paid by each payment form."""
    whole = sum((each.value for each in report.payments), Decimal(0))
    return Section(
        id="pagamentos",
        title="Formas de pagamento",
        label="Gráfico de barras: valor de cada forma de pagamento, da maior à menor.",
        columns=("Forma", "Pedidos", "Valor", "Parte"),
        rows=[
            (payment_form(each.form), number(each.orders), money(each.value), percent(each.value, whole))
            for each in report.payments
        ],
        narrow=_bars([(payment_form(each.form), money(each.value), each.value) for each in report.payments]),
    )


def by_hour(report: Report) -> Section:
    """Show how many orders came in each hour of the day."""
    hours = report.every_hour() if report.hours else []
    series = [(f"{each.hour}h", Decimal(each.orders)) for each in hours]
    return Section(
        id="horas",
        title="Vendas por hora",
        note="Só os pedidos que chegaram na hora da venda, por webhook.",
        label="Gráfico de colunas: pedidos de cada hora do dia.",
        columns=("Hora", "Pedidos", "Faturamento"),
        rows=[(f"{each.hour}h", number(each.orders), money(each.revenue)) for each in hours],
        narrow=charts.columns(series, _NARROW_PX, "Pedidos") if hours else "",
        wide=charts.columns(series, _WIDE_PX, "Pedidos") if hours else "",
    )


def freshness(report: Report) -> list[Figure]:
    """Show how fresh and complete the tables are."""
    known, zone = report.freshness, report.zone
    reconciled = moment(known.last_reconcile, zone) if known.last_reconcile else "ainda não feita"
    differences = [("encontradas", known.differences), ("em aberto", known.open_differences)]
    return [
        Figure("Última venda recebida", moment(known.last_webhook, zone)),
        Figure("Última carga", moment(known.last_load, zone)),
        Figure("Pedidos de hoje", number(known.orders_today)),
        Figure("Pedidos de ontem", number(known.orders_yesterday)),
        Figure("Pedidos com custo desconhecido, 30 dias", number(known.orders_without_cost)),
        Figure("Última reconciliação com o Tiny", reconciled),
        *(
            Figure(f"Diferenças {which}", UNKNOWN if found is None else number(found))
            for which, found in differences
        ),
    ]


def _bars(bars: Sequence[tuple[str, str, Decimal]]) -> str:
    return charts.rows([charts.Bar(*bar) for bar in bars], _NARROW_PX) if bars else ""
