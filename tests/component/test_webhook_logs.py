"""What the steps of the webhook path log, name and return: nothing about persons, and no token."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import archive, fetch, plan, post, rows

pytestmark = pytest.mark.stack


@pytest.fixture
def everything_logged() -> Iterator[list[str]]:
    """Each message that any logger takes at DEBUG."""
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    root, handler = logging.getLogger(), Keep(logging.DEBUG)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield messages
    root.setLevel(level)
    root.removeHandler(handler)


def test_no_personal_data_and_no_token_in_logs_names_or_xcom(
    emulators: dict[str, str],
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    everything_logged: list[str],
) -> None:
    orders = post(emulators, simulator, 25)
    said = [plan(run), fetch(run), rows(run), archive(run)]
    text = "\n".join(everything_logged) + json.dumps(said) + "\n".join(warehouse.objects(""))
    token = json.loads(emulators["AIRFLOW_CONN_TINY_Z316"])["password"]
    assert "event=chunk_fetched" in text
    assert token not in text
    for order in simulator.truth(orders)["pdv"]:
        contato = order["contato"]
        for name in ("nome", "cpfCnpj", "email", "celular", "fone"):
            value = contato[name]
            assert not value or value == "Consumidor Final" or value not in text, name
