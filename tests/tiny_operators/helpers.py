"""Samples of Tiny's payloads, raw lines made of them, and strategies for whatever JSON Tiny may send."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tiny_operators.orders.raw_lines import Envelope, Kind, RawLine, read_line
from tiny_operators.tiny.answers import Json, one_line, parse_json

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "tiny"
# Answers in shapes and with values that users of the API report.
ODD_SAMPLES = SAMPLES.parent / "odd"
STORE = "z316"
CNPJ = "11222333000181"
TIMEZONE = "America/Sao_Paulo"

ARRIVED = datetime(2026, 3, 14, 15, 2, 33, tzinfo=UTC)
ORDER_READ = "2026-03-14T15:02:40+00:00"
SEARCH_READ = "2026-03-14T15:02:41+00:00"
PRODUCT_READ = "2026-03-14T15:02:42+00:00"
_READ_AT: dict[str, str] = {"pdv": ORDER_READ, "pesquisa": SEARCH_READ, "produto": PRODUCT_READ}


def sample_text(name: str) -> str:
    """A sample's text, as a file of ``tests/samples/tiny``."""
    return (SAMPLES / name).read_text(encoding="utf-8")


def sample(name: str) -> Json:
    """A sample, parsed as the package parses answers."""
    content: Json = parse_json(sample_text(name))
    return content


def envelope(
    kind: Kind, *, pedido: int | None = None, produto: int | None = None, **changes: Any
) -> Envelope:
    values: Json = {
        "store": STORE,
        "kind": kind,
        "pedido": pedido,
        "produto": produto,
        "arrived_at": ARRIVED.isoformat() if kind == "pdv" else None,
        "fetched_at": _READ_AT[kind],
        "path": "webhook",
        "version": "0.1.0",
        "request": {"service": kind},
        **changes,
    }
    return Envelope(**values)


def raw_line(kind: Kind, answer: str | Json, **about: Any) -> RawLine:
    """A raw line as it is after a round through a file; the answer is a sample's name or a parsed answer."""
    text = one_line(sample_text(answer)) if isinstance(answer, str) else to_json(answer)
    return read_line(envelope(kind, **about).line(text))


def to_json(value: Any) -> str:
    """JSON text with decimals as numbers, each digit kept."""
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(str(key))}:{to_json(inner)}" for key, inner in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(to_json(inner) for inner in value) + "]"
    if value is None or isinstance(value, str | bool):
        return json.dumps(value)
    return str(value)


def after(seconds: float) -> str:
    """A moment so many seconds after the sale arrived."""
    return (ARRIVED + timedelta(seconds=seconds)).isoformat()


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
NUMBER_TEXTS = st.one_of(
    st.integers(-(10**40), 10**40).map(str),
    st.from_regex(r"-?(0|[1-9][0-9]{0,32})\.[0-9]{1,14}", fullmatch=True),
    st.from_regex(r"-?[1-9](\.[0-9]{1,4})?[eE][+-]?[0-9]{1,8}", fullmatch=True),
)
LIKELY_TEXTS = st.one_of(
    st.sampled_from([
        "",
        " ",
        "0",
        "0,00",
        "5,00",
        "10%",
        "14/03/2026",
        "00/00/0000",
        "N",
        "Erro",
        "1.234,56",
    ]),
    NUMBER_TEXTS,
    st.from_regex(r"[+-]?[0-9.,]{1,12}(e[0-9]{1,2})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{1,5}.{0,5}", fullmatch=True),
    TEXTS,
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBER_TEXTS.map(parse_json), LIKELY_TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from(["item", "erro", "id", "valor", "url", "anexo"]), TEXTS),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)
