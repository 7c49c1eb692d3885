"""A person is forgotten by the real scheduler: neither Airflow's database nor a log ever has them."""

from __future__ import annotations

from typing import Any

import pytest

from local.demo.parts import post_webhook
from local.stack.airflow import unpause
from tests.component.people import Person, asked, places

pytestmark = pytest.mark.e2e

# The emulator of BigQuery keeps files of its own; what its tables have is looked for by its client.
_OTHERS = ("bigquery",)


def test_a_forgotten_person_is_in_no_file_of_airflow(live: Any) -> None:
    sales = live.simulator.sell(12)
    for sale in sales:
        post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    live.until("the sales", lambda: live.loaded([sale.pedido for sale in sales]))
    contacts = [row["contato"] for row in live.warehouse.rows("pdv") if row["contato"]]
    person = next(
        Person(contact["nome"], contact["cpfCnpj"], contact["celular"], contact["email"] or "")
        for contact in contacts
        if contact["celular"] and contact["cpfCnpj"] and "*" not in contact["cpfCnpj"]
    )
    assert places(live.warehouse, person)
    asked(live.warehouse, "forget", person.documento)
    unpause(live.api, "z316_forget")
    live.run("dags", "trigger", "z316_forget")
    live.until("forgotten", lambda: bool(live.warehouse.rows("esquecimentos")))
    live.until("the end", lambda: not live.warehouse.objects("people/"))
    assert places(live.warehouse, person) == set()
    needles = [needle.encode() for needle in person.needles]
    found = [
        str(path.relative_to(live.home))
        for path in live.home.rglob("*")
        if path.is_file() and not any(other in str(path) for other in _OTHERS)
        for content in [path.read_bytes()]
        if any(needle in content for needle in needles)
    ]
    assert found == []
