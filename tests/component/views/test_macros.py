"""What the views read of texts that people typed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from jinja2 import Environment, FileSystemLoader

from tests.component.views.rows import Viewed
from tiny_operators.stores import include_dir

pytestmark = pytest.mark.stack

# Each text with what a macro makes of it.
NUMBERS = {
    "5,00": "5",
    "5.00": "5",
    "1.234,56": "1234.56",
    "1,234.56": "1234.56",
    "1.234.567,89": "1234567.89",
    "10%": "10",
    "10,5 %": "10.5",
    "-3,00": "-3",
    " R$ 7,90 ": "7.9",
    ",50": "0.5",
    "0": "0",
    "0,00": "0",
    "": None,
    " ": None,
    "combinado": None,
    "5,00,00": None,
    "-": None,
    "R$\u00a05,00": "5",
    "1.234": "1.234",
    "10+5": None,
    "10% + 5%": None,
    "10 20": None,
    "R$ 5,00 ou 10%": None,
    "5%5": None,
    "1e1": None,
    "(5,00)": None,
}
PLAIN = {
    " NÃO Entregue": "nao entregue",
    "ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ": "aaaaaeeeeiiiiooooouuuucn",
    "pronto_envio": "pronto_envio",
}


def results(viewed: Viewed, macro: str, texts: list[str]) -> list[object]:
    environment = Environment(loader=FileSystemLoader(include_dir() / "sql"))
    template = environment.from_string(
        f"{{% from 'views/macros.sql' import {macro} %}}"
        f"SELECT {{{{ {macro}('text') }}}} AS result FROM UNNEST(@texts) AS text WITH OFFSET AS place ORDER BY place"
    )
    from google.cloud.bigquery import ArrayQueryParameter, QueryJobConfig

    config = QueryJobConfig(query_parameters=[ArrayQueryParameter("texts", "STRING", texts)])
    return [row["result"] for row in viewed.client.query_and_wait(template.render(), job_config=config)]


def test_numbers(viewed: Viewed) -> None:
    expected = {text: None if number is None else Decimal(number) for text, number in NUMBERS.items()}
    assert dict(zip(NUMBERS, results(viewed, "number", list(NUMBERS)), strict=True)) == expected


def test_texts_that_are_compared(viewed: Viewed) -> None:
    assert dict(zip(PLAIN, results(viewed, "plain", list(PLAIN)), strict=True)) == PLAIN
