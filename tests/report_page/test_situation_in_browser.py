"""The page "Está tudo dentro?" in a real Chromium, on a phone and on a desk, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.situations import example_page

PHONE, DESK = 360, 1100


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Any:
    said: list[str] = []

    def opened(html: str, width: int, scheme: str = "light") -> Page:
        path = tmp_path / "situacao.html"
        path.write_text(html, encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield opened
    assert said == [], "nothing goes wrong, and nothing is fetched"
    for context in browser.contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, PHONE, DESK])
@pytest.mark.parametrize("stores", [1, 3])
def test_nothing_is_wider_than_the_screen(open_page: Any, width: int, scheme: str, stores: int) -> None:
    page = open_page(example_page(stores=stores), width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".scroll").first.evaluate("each => each.scrollWidth <= each.clientWidth")
    # A finger finds each link.
    heights = page.eval_on_selector_all("a", "all => all.map(each => each.getBoundingClientRect().height)")
    assert min(heights) >= 24


# Text and what is behind it, as Chromium paints them, and their contrast (WCAG 2.2, 1.4.3).
CONTRAST = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map(Number).map(value => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!colour.endsWith(', 0)')) return colour;
    }
  };
  const texts = [...document.querySelectorAll('body *')].filter(each =>
    [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()) && each.checkVisibility());
  return texts.map(each => {
    const pair = [light(getComputedStyle(each).color), light(behind(each))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_readable(open_page: Any, scheme: str) -> None:
    contrasts = open_page(example_page(), PHONE, scheme).evaluate(CONTRAST)
    assert len(contrasts) > 500
    assert min(contrasts) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states_differ_by_colour_and_by_mark(open_page: Any, scheme: str) -> None:
    page = open_page(example_page(), PHONE, scheme)
    found = page.eval_on_selector_all(
        ".legend i", "all => all.map(each => [getComputedStyle(each).backgroundColor, each.textContent])"
    )
    assert len(found) == len({colour for colour, _ in found}) == len({mark for _, mark in found}) == 5


def test_missing_days_are_seen_in_the_calendar_and_lead_to_their_form(open_page: Any) -> None:
    page = open_page(example_page(), PHONE)
    # The newest month first.
    missing = page.locator(".calendar table").first.locator("td.state-m")
    assert missing.count() == 3
    assert missing.last.get_attribute("title") == "20/11/2026: falta"
    assert missing.last.inner_text().split() == ["20", "!"]
    # The 20th of November 2026 is a Friday: the fifth day of a week that begins on Monday.
    assert missing.last.evaluate("each => each.cellIndex") == 4
    orders, files, first = page.locator(".remedies li").all()[:3]
    assert orders.inner_text().startswith("3 pedidos rejeitados De 11/11/2026")
    assert files.inner_text().startswith("1 arquivo rejeitado De 17/11/2026")
    for rejects, day in ((orders, "2026-11-11"), (files, "2026-11-17")):
        links = [link.get_attribute("href") for link in rejects.locator("a").all()]
        assert links == [f"https://storage.example/rejected/dt={day}", "../dags/loja1_put_back/trigger"]
    assert files.locator("dd").inner_text().startswith("2026-11-17-0.json campo (file): expected a number")
    assert first.inner_text().startswith(
        "10/11/2026 a 20/11/2026 (11 dias, 5 incompletos) 3 dias sem pedidos;"
    )
    assert first.locator("a").get_attribute("href") == "../dags/loja1_reconcile/trigger"


def test_figures_of_the_last_days_are_seen_on_a_phone(open_page: Any) -> None:
    page = open_page(example_page(), PHONE)
    cells = page.locator(".days tbody tr").nth(12).locator("th, td:visible").all_inner_texts()
    assert cells == ["✓ 11/11/2026", "1.234", "1.234", "3", "1.034"]
    wide = (
        open_page(example_page(), DESK)
        .locator(".days tbody tr")
        .nth(12)
        .locator("th, td:visible")
        .all_inner_texts()
    )
    assert wide == [*cells, "22/11/2026 às 05:00"]
