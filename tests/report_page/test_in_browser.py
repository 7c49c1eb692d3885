"""The page in a real Chromium, opened from disk as the owner opens it."""

from __future__ import annotations

import dataclasses
import functools
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local.browser import chromium
from local.report_page.page import render
from local.report_page.values import Product, Report
from local.stack.settings import StackError

rendered = functools.cache(render)
PHONE, DESK = 360, 1100
CHARTS = ("dias", "produtos", "vendedores", "pagamentos", "horas")

# Of each text and each bar of the charts that are seen: where it is, in pixels of the screen.
SEEN = """selector => [...document.querySelectorAll(selector)].filter(found =>
  found.checkVisibility({checkOpacity: true})
).map(found => {
  const box = found.getBoundingClientRect();
  return {text: found.textContent, left: box.left, right: box.right, top: box.top, bottom: box.bottom,
          chart: found.closest('section').id, colour: getComputedStyle(found).fill};
})"""


@dataclasses.dataclass
class Opened:
    """A page with what the browser said and fetched meanwhile."""

    page: Page
    said: list[str]
    fetched: list[str]

    def seen(self, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(SEEN, what)
        return found

    def bars(self, chart: str) -> list[dict[str, Any]]:
        return self.seen(f"#{chart} svg .mark-rect.role-mark path")


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Any:
    def opened(report: Report, width: int, **options: Any) -> Opened:
        path = tmp_path / "painel.html"
        path.write_text(rendered(report), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800}, **options)
        found = Opened(page, [], [])
        page.on("console", lambda message: found.said.append(message.text))
        page.on("pageerror", lambda error: found.said.append(str(error)))
        page.on("request", lambda request: found.fetched.append(request.url))
        page.goto(path.as_uri())
        return found

    yield opened
    for context in browser.contexts:
        context.close()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_owner_reads_the_figures(open_page: Any, report: Report, width: int) -> None:
    opened = open_page(report, width)
    assert opened.page.title() == "Painel de vendas: Loja Exemplo"
    assert opened.page.locator("html").get_attribute("lang") == "pt-BR"
    assert "Período: 21/11/2026 a 23/11/2026" in opened.page.inner_text("header")
    figures = opened.page.locator(".figures > div").all_inner_texts()
    assert [text.split("\n") for text in figures] == [
        ["Faturamento", "R$ 2.000,00"],
        ["Margem", "R$ 400,00", "sem 1 pedido de custo desconhecido"],
        ["Ticket médio", "R$ 500,00"],
        ["Pedidos", "4"],
        ["Clientes novos", "3"],
    ]
    assert "Última venda recebida\n23/11/2026 às 15:30" in opened.page.inner_text("#atualizacao")


def test_nothing_is_fetched_and_nothing_goes_wrong(open_page: Any, report: Report) -> None:
    opened = open_page(report, PHONE)
    opened.page.wait_for_load_state("networkidle")
    assert opened.fetched == [opened.page.url]
    assert opened.said == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_each_chart_is_drawn_to_scale(open_page: Any, report: Report, width: int) -> None:
    opened = open_page(report, width)
    assert [len(opened.bars(chart)) for chart in CHARTS] == [6, 2, 2, 2, 24]
    lengths = [bar["right"] - bar["left"] for bar in opened.bars("produtos")]
    assert lengths[0] / lengths[1] == pytest.approx(3, rel=0.01)
    heights = [bar["bottom"] - bar["top"] for bar in opened.bars("horas")]
    assert heights[9:12] == [pytest.approx(heights[11] / 3, rel=0.02), 0, max(heights)]
    for chart in CHARTS:
        # A role=img is one picture with one name for those who listen: one is seen at each width.
        pictures = opened.page.locator(f"#{chart} [role=img]:visible")
        assert pictures.count() == 1
        assert "Gráfico de" in (pictures.get_attribute("aria-label") or "")


def test_the_tables_hold_the_numbers(open_page: Any, report: Report) -> None:
    opened = open_page(report, PHONE)
    assert not opened.page.is_visible("#dias table")
    for chart in CHARTS:
        opened.page.click(f"#{chart} summary")
    rows = opened.page.locator("#dias tbody tr").all_inner_texts()
    assert [row.split("\t") for row in rows] == [
        ["21/11/2026", "3", "R$ 1.234,56", "R$ 400,10"],
        ["22/11/2026", "0", "R$ 0,00", "R$ 0,00"],
        ["23/11/2026", "1", "R$ 765,44", "-R$ 0,10"],
    ]
    assert opened.page.locator("#produtos tbody tr").all_inner_texts() == [
        "Pão & Queijo <b>\t1,292\tR$ 1.500,00\tR$ 300,00",
        "Café Moído\t12\tR$ 500,00\t—",
    ]
    assert opened.page.locator("table:visible").count() == len(CHARTS)


def busy(report: Report) -> Report:
    """Two months of days, long names and large sums."""
    long = Product(
        "Queijo Minas Artesanal da Canastra Curado Seis Meses, Peça Inteira", *[Decimal("1234567.89")] * 3
    )
    return dataclasses.replace(
        report, first=report.last - timedelta(days=60), products=(long, *report.products)
    )


@pytest.mark.parametrize("width", [320, PHONE, 735, 736, DESK])
def test_all_is_readable_at_any_width(open_page: Any, report: Report, width: int) -> None:
    opened = open_page(busy(report), width)
    for summary in opened.page.locator("summary").all():
        summary.click()
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    texts = [text for text in opened.seen("svg text") if text["text"] and text["right"] > text["left"]]
    assert {text["chart"] for text in texts} == set(CHARTS)
    assert min(text["bottom"] - text["top"] for text in texts) >= 12, "lines of letters that are too small"
    for index, one in enumerate(texts):
        assert one["left"] >= 0
        assert one["right"] <= width
        for other in texts[index + 1 :]:
            apart = (
                one["right"] <= other["left"] + 1
                or other["right"] <= one["left"] + 1
                or one["bottom"] <= other["top"] + 4
                or other["bottom"] <= one["top"] + 4
            )
            assert apart, (one, other)


def test_dark_theme_holds_for_the_charts(open_page: Any, report: Report) -> None:
    light = open_page(report, PHONE, color_scheme="light")
    dark = open_page(report, PHONE, color_scheme="dark")

    def background(opened: Opened) -> str:
        return str(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert background(light) != background(dark)
    for what in ("svg text", "svg .role-mark path"):
        assert {one["colour"] for one in light.seen(what)}.isdisjoint({
            one["colour"] for one in dark.seen(what)
        })


def test_without_sales_the_page_says_so(open_page: Any, empty: Report) -> None:
    opened = open_page(empty, PHONE)
    assert opened.page.locator("text=Sem vendas no período.").count() == len(CHARTS)
    assert opened.page.locator("svg").count() == 0
    assert opened.said == []


def test_a_browser_that_is_missing_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with (
        pytest.raises(StackError, match=r"/nowhere/chromium is not there: .*bootstrap\.py browser"),
        chromium(),
    ):
        pass


def test_a_picture_of_it_can_be_taken(open_page: Any, report: Report, tmp_path: Path) -> None:
    picture = open_page(report, PHONE).page.screenshot(path=tmp_path / "painel.png", full_page=True)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
