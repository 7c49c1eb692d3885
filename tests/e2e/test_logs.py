"""What a whole stack logs at DEBUG: everything that happened, and nothing about persons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.demo.parts import post_webhook

pytestmark = pytest.mark.e2e

# Values that say nothing about anybody.
ANYBODY = {"Consumidor Final", "F", "J", "E", "BR", "Brasil"}
PERSONAL_COLUMNS = ("nome", "cpfCnpj", "email", "celular", "fone", "endereco")


def personal_values(truth: dict[str, Any]) -> Iterator[str]:
    """What the orders say of persons, in every spelling that is sent."""
    for order in truth["pdv"]:
        for record in (order["contato"], order["enderecoEntrega"] or {}):
            for column in PERSONAL_COLUMNS:
                value = record.get(column)
                if value and value not in ANYBODY and len(value) > 5:
                    yield value
                    yield json.dumps(value)[1:-1]
                    digits = "".join(c for c in value if c.isdigit())
                    # Of a document that a marketplace hid some digits are left, which say nothing and stand anywhere.
                    if column in {"cpfCnpj", "celular", "fone"} and "*" not in value and len(digits) > 7:
                        yield digits
    for line in truth["pesquisa"]:
        if line["nome_vendedor"]:
            yield line["nome_vendedor"]


def log_files(home: Path) -> list[Path]:
    """Logs of all parts, and of all tasks."""
    return [path for path in home.rglob("*") if path.is_file() and path.suffix == ".log"]


def test_nothing_about_persons_is_logged_at_debug(live: Any) -> None:
    sales = live.simulator.sell(12)
    for sale in sales:
        post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    orders = [sale.pedido for sale in sales]
    live.until("the sales", lambda: live.loaded(orders))
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in log_files(live.home)}
    everything = "\n".join(texts.values())
    assert "event=rows_made" in everything
    assert "debug" in everything.lower(), "or the test would see too little"
    token = json.loads(live.env["AIRFLOW_CONN_TINY_Z316"])["password"]
    values = set(personal_values(live.simulator.truth(orders)))
    assert len(values) > 12
    found = {
        (str(path.relative_to(live.home)), "the token" if value == token else "a personal value")
        for path, text in texts.items()
        for value in {*values, token}
        if value in text
    }
    assert found == set()
