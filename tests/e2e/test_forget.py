"""People are forgotten by the real scheduler: neither a bucket, a table, a log nor Airflow's own database has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.parts import post_webhook
from local.stack.airflow import unpause
from tests.component.people import Person, asked, places
from tiny_operators.lake import names

pytestmark = pytest.mark.e2e

# Parts of the stack that stand for Google's side: BigQuery's tables are searched by its client, and the front keeps what
# it was asked, which nobody has in production.
_OTHERS = {"bigquery", "front"}


def customers(live: Any) -> Iterator[Person]:
    """Customers who gave a document and a telephone, each once."""
    met = set()
    for row in live.warehouse.rows("pdv"):
        contact = row["contato"]
        if contact and contact["celular"] and contact["cpfCnpj"] and "*" not in contact["cpfCnpj"]:
            person = Person(contact["nome"], contact["cpfCnpj"], contact["celular"], contact["email"] or "")
            if person.digits not in met:
                met.add(person.digits)
                yield person


def files_with(live: Any, people: list[Person]) -> list[str]:
    """Files of the stack, Airflow's database among them, that have something of these people."""
    needles = [needle.encode() for person in people for needle in person.needles]
    return [
        str(path.relative_to(live.home))
        for path in live.home.rglob("*")
        if path.is_file() and path.relative_to(live.home).parts[0] not in _OTHERS
        for content in [path.read_bytes()]
        if any(needle in content for needle in needles)
    ]


@pytest.fixture
def forgetful(live: Any) -> Iterator[Any]:
    """The stack; afterwards it knows no longer who was forgotten, since customers buy again in other tests."""
    yield live
    bucket = live.warehouse.storage_client().bucket(live.warehouse.api_bucket)
    bucket.blob(names.forgotten_object("z316")).delete()


def test_three_people_are_forgotten_at_once(forgetful: Any) -> None:
    live = forgetful
    sales = live.simulator.sell(30)
    for sale in sales:
        post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    live.until("the sales", lambda: live.loaded([sale.pedido for sale in sales]))
    people = list(customers(live))[:3]
    assert len(people) == 3
    totals = {row["id"]: row["totalVenda"] for row in live.warehouse.rows("pdv")}
    assert places(live.warehouse, *people)
    assert files_with(live, people)
    done = len(live.warehouse.rows("esquecimentos"))
    asked(live.warehouse, "forget", *(person.documento for person in people))
    unpause(live.api, "z316_forget")
    live.run("dags", "trigger", "z316_forget")
    live.until("forgotten", lambda: len(live.warehouse.rows("esquecimentos")) > done)
    live.until("the end", lambda: not live.warehouse.objects("people/"))
    assert places(live.warehouse, *people) == set()
    assert {row["id"]: row["totalVenda"] for row in live.warehouse.rows("pdv")} == totals
    # An object of the bucket is rewritten, and so is its file here; the database never had them.
    assert files_with(live, people) == []
    live.until("the run's note", lambda: "3 people with" in " ".join(noted(live, "z316_forget")))


def noted(live: Any, dag_id: str) -> list[str]:
    """The notes of a DAG's runs."""
    return [
        run["note"] or "" for run in live.api.get(f"dags/{dag_id}/dagRuns?order_by=-start_date")["dag_runs"]
    ]
