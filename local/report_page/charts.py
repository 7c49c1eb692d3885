"""The charts, drawn as SVG by Vega-Lite.

Texts come formatted, colours are names of the style sheet's variables, so that the page's light and dark themes hold
for the charts too. Geometry alone is a float: what is read is never computed from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import vl_convert

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_REVENUE, _MARGIN, _TEXT, _FAINT, _GRID = (
    f"var(--{name})" for name in ("revenue", "margin", "text", "faint", "grid")
)
_ROW_PX = 42
_LARGE = 10_000
_CONFIG = {
    # The page says in Portuguese what a chart is; what Vega-Lite says of it is English.
    "aria": False,
    "background": None,
    "padding": {"left": 0, "right": 0, "top": 5, "bottom": 5},
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": _FAINT,
        "labelFontSize": 12,
        "titleColor": _FAINT,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "domainColor": _GRID,
        "tickColor": _GRID,
        "gridColor": _GRID,
    },
}


@dataclass(frozen=True)
class Bar:
    """One bar: ``label`` and ``text`` as they are read, ``size`` as it is drawn."""

    label: str
    text: str
    size: Decimal


def columns(series: Sequence[tuple[str, Decimal]], width: int, title: str) -> str:
    """Draw columns side by side: how many, for each label.

    Args:
        series: Labels from left to right, and their values.
        width: Width of the chart (px).
        title: What the values are.
    """
    values = [{"label": label, "value": float(value)} for label, value in series]
    return _svg({
        "width": width,
        "height": 200,
        "data": {"values": values},
        "mark": _column(_REVENUE),
        "encoding": {"x": _labels(), "y": _amounts("value", title, (value for _, value in series))},
    })


def columns_within(series: Sequence[tuple[str, Decimal, Decimal | None]], width: int, title: str) -> str:
    """Draw revenue as columns, each with its margin as a slimmer column in front; none where it is not known.

    Args:
        series: Labels from left to right, with revenue and margin.
        width: Width of the chart (px).
        title: What the values are.
    """
    revenues = [revenue for _, revenue, _ in series]
    values = [
        {"label": label, "revenue": float(revenue), "margin": None if margin is None else float(margin)}
        for label, revenue, margin in series
    ]
    return _svg({
        "width": width,
        "height": 240,
        "data": {"values": values},
        "encoding": {"x": _labels()},
        "layer": [
            {"mark": _column(_REVENUE), "encoding": {"y": _amounts("revenue", title, revenues)}},
            {"mark": _column(_MARGIN, part=0.5), "encoding": {"y": _amounts("margin", title, revenues)}},
        ],
    })


def rows(bars: Sequence[Bar], width: int) -> str:
    """Draw one bar below the other, each below its label and text: long names have room on a phone too.

    Args:
        bars: From top to bottom.
        width: Width of the chart (px).
    """
    values = [
        {"row": index, "label": bar.label, "text": bar.text, "size": float(bar.size)}
        for index, bar in enumerate(bars)
    ]
    text = {"type": "text", "baseline": "middle", "yOffset": -11, "fontSize": 13, "color": _TEXT}
    longest = max((len(bar.text) for bar in bars), default=0)
    return _svg({
        "width": width,
        "height": {"step": _ROW_PX},
        "data": {"values": values},
        "encoding": {"y": {"field": "row", "type": "ordinal", "axis": None}},
        "layer": [
            {
                "mark": {"type": "bar", "height": 12, "yOffset": 9, "color": _REVENUE, "cornerRadiusEnd": 2},
                "encoding": {"x": {"field": "size", "type": "quantitative", "axis": None}},
            },
            {
                "mark": text | {"align": "left", "limit": width - 8 * longest},
                "encoding": {"x": {"value": 0}, "text": {"field": "label"}},
            },
            {
                "mark": text | {"align": "right"},
                "encoding": {"x": {"value": "width"}, "text": {"field": "text"}},
            },
        ],
    })


def _column(color: str, part: float = 0.85) -> dict[str, Any]:
    """Describe a column that is as wide as a part of its place."""
    return {"type": "bar", "color": color, "cornerRadiusEnd": 2, "width": {"band": part}}


def _labels() -> dict[str, Any]:
    axis = {
        "title": None,
        "labelAngle": 0,
        "labelOverlap": "greedy",
        "labelSeparation": 6,
        "labelPadding": 7,
        "ticks": False,
    }
    return {"field": "label", "type": "ordinal", "sort": None, "axis": axis}


def _amounts(field: str, title: str, values: Iterable[Decimal]) -> dict[str, Any]:
    """Describe the axis of amounts; large ones are in thousands."""
    plain, thousands = (
        "format(datum.value, ',~f')",
        "format(datum.value / 1000, ',~f') + (datum.value ? ' mil' : '')",
    )
    tick = thousands if max(values, default=Decimal(0)) >= _LARGE else plain
    axis = {
        "title": title,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "end",
        "titleY": -12,
        "titleX": 0,
        "labelExpr": tick,
        "tickCount": 5,
        "tickMinStep": 1,
        "domain": False,
        "ticks": False,
    }
    return {"field": field, "type": "quantitative", "axis": axis}


def _svg(spec: dict[str, Any]) -> str:
    return vl_convert.vegalite_to_svg(
        {"$schema": _SCHEMA, "config": _CONFIG, "autosize": {"type": "fit-x", "contains": "padding"}, **spec},
        format_locale="pt-BR",
        allowed_base_urls=[],
    )
