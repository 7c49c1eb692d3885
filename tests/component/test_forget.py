"""A person is shown what is stored of them, and forgotten: in every place, and for good."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from local.demo.parts import Sale, Simulator, Warehouse
from tests.component.effects import DeadError, effects
from tests.component.people import Person, asked, finished, places, upload
from tests.component.replaying import older_folder
from tests.component.whole_runs import WholeRun
from tests.dates import TODAY
from tiny_operators._compat import AirflowFailException
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.lake import names
from tiny_operators.lake.forgotten import LostKeyError, forget_people, read_forgotten
from tiny_operators.lake.objects import Objects
from tiny_operators.people.asked_people import People
from tiny_operators.people.personal_values import MASK, PersonalValues, plain_phone
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import create_views

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def remembered_again(warehouse: Warehouse) -> Iterator[None]:
    """Other tests sell to the same invented people."""
    yield
    bucket = warehouse.storage_client().bucket(warehouse.api_bucket)
    for prefix in ("forgotten/", "people/"):
        for name in warehouse.objects(prefix):
            bucket.blob(name).delete()


@dataclass(frozen=True)
class Shop:
    """A shop with its stores, and a date that it sells on."""

    simulator: Simulator
    warehouse: Warehouse
    store: Store
    dags: Any
    day: date


@pytest.fixture
def shop(simulator: Simulator, warehouse: Warehouse, run: Any, dags: Any, day: date) -> Shop:
    return Shop(simulator, warehouse, run.store, dags, day)


def order_of(pedido: int) -> dict[str, Any]:
    found: dict[str, Any] = TinyHook("tiny_z316").pdv_pedido_obter(pedido).retorno["pedido"]
    return found


def known(sales: list[Sale]) -> dict[Person, list[Sale]]:
    """The sales whose buyer has a document, a telephone and a name of their own, by buyer."""
    found: dict[Person, list[Sale]] = {}
    for sale in sales:
        contact = order_of(sale.pedido)["contato"]
        if len("".join(filter(str.isdigit, contact["cpfCnpj"]))) == 11 and contact["celular"]:
            found.setdefault(Person.of(order_of(sale.pedido)), []).append(sale)
    return found


def sold_to(simulator: Simulator, buyers: int, sales: int) -> list[Sale]:
    """Sell at least so many times, and until so many buyers are known."""
    sold = simulator.sell(sales)
    while len(known(sold)) < buyers:
        sold += simulator.sell(1)
    return sold


def webhook_run(dags: Any, warehouse: Warehouse, sales: list[Sale]) -> None:
    for sale in sales:
        upload(warehouse, warehouse.webhook_bucket, f"by-hand/{sale.pedido}.json", json.dumps(sale.webhook))
    finished(dags["z316_webhook"])


def scatter(warehouse: Warehouse, person: Person, sale: Sale, day: date) -> None:
    """Put a person into every other place: older folders, files that were rejected or wait, in odd forms."""
    midday = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - the names have no zone
    for older, text in older_folder(TinyHook("tiny_z316"), sale.pedido, midday).items():
        upload(warehouse, warehouse.api_bucket, older, text)
    event = json.dumps(sale.webhook)
    form = urlencode({
        "tipo": "inclusao_pedido",
        "cnpj": "11222333000181",
        "dados": json.dumps(sale.webhook["dados"]),
    })
    rejected = names.rejected_prefix(day.isoformat())
    files: dict[str, str | bytes] = {
        f"{rejected}1-packed.json": gzip.compress(event.encode()),
        f"{rejected}2-form.form": form,
        f"{rejected}3-note.txt": person.note.encode("latin-1"),
        f"{names.done_prefix(day.isoformat())}4-text.json": json.dumps({
            **sale.webhook,
            "dados": json.dumps(sale.webhook["dados"]),
        }),
    }
    for name, content in files.items():
        upload(warehouse, warehouse.api_bucket, name, content)
    upload(
        warehouse,
        warehouse.webhook_bucket,
        "waits/invoice.json",
        json.dumps({**sale.webhook, "tipo": "nota_fiscal"}),
    )


def figures(warehouse: Warehouse) -> list[Any]:
    client = warehouse.bigquery_client()
    sums = "COUNT(*) AS n, SUM(valor_faturado) AS v, SUM(valor_frete) AS f, SUM(desconto_total) AS d"
    return [dict(row) for row in client.query_and_wait(f"SELECT {sums} FROM z316_tiny_relatorios.pedidos")]


def test_a_person_is_forgotten_in_every_place(shop: Shop) -> None:
    sales = sold_to(shop.simulator, buyers=1, sales=6)
    buyers = known(sales)
    person = next(iter(buyers))
    webhook_run(shop.dags, shop.warehouse, sales)
    scatter(shop.warehouse, person, buyers[person][0], shop.day)
    asked(shop.warehouse, "forget", person.documento)
    finished(shop.dags["z316_forget"])
    assert places(shop.warehouse, person) == set()
    webhook_run(shop.dags, shop.warehouse, buyers[person])
    assert places(shop.warehouse, person) == set()
    # It is what is remembered that keeps them out.
    shop.warehouse.storage_client().bucket(shop.warehouse.api_bucket).blob(
        names.forgotten_object("z316")
    ).delete()
    webhook_run(shop.dags, shop.warehouse, buyers[person])
    assert len(places(shop.warehouse, person)) > 3


def test_old_orders_that_come_later_are_blank_and_are_read_once(shop: Shop) -> None:
    """Nothing of these orders was known when the person was forgotten."""
    buyers = known(shop.simulator.sell_on(shop.day, 15))
    people = list(buyers)[:2]
    assert len(people) == 2
    api = Objects(shop.warehouse.storage_client(), shop.warehouse.api_bucket)
    values = PersonalValues(phones=frozenset(plain_phone(person.celular) for person in people))
    documents = frozenset(person.digits for person in people)
    forget_people(api, shop.store.prefix, People(documents, values=values), TODAY)
    before = places(shop.warehouse, *people)
    finished(shop.dags["z316_daily"], {"from_date": shop.day.isoformat()})
    theirs = {sale.pedido for person in people for sale in buyers[person]}
    rows = {row["id"]: row for row in shop.warehouse.rows_of("pdv", theirs)}
    assert {pedido: row["contato"]["cpfCnpj"] for pedido, row in rows.items()} == dict.fromkeys(theirs)
    assert places(shop.warehouse, *people) <= before
    shop.simulator.forget_calls()
    finished(shop.dags["z316_daily"], {"from_date": shop.day.isoformat()})
    assert shop.simulator.keys("pdv.pedido.obter") == []


@pytest.mark.parametrize("how_many", [1, 3])
def test_people_are_forgotten_everywhere_and_for_good(
    shop: Shop, caplog: pytest.LogCaptureFixture, how_many: int
) -> None:
    simulator, warehouse, dags, day = shop.simulator, shop.warehouse, shop.dags, shop.day
    caplog.set_level(logging.DEBUG)
    sales = sold_to(simulator, buyers=how_many + 1, sales=14)
    old = simulator.sell_on(day, 6)
    buyers = known([*sales, *old])
    people = list(buyers)[:how_many]
    other = list(buyers)[how_many]
    theirs = [sale for person in people for sale in buyers[person]]
    for person, sale in zip(people, theirs, strict=False):
        simulator.edit(sale.pedido, observacoes=f"cliente {person.nome}")
    simulator.edit(buyers[other][0].pedido, observacoes=" / ".join(person.note for person in people))
    webhook_run(dags, warehouse, sales)
    for person in people:
        scatter(warehouse, person, buyers[person][0], day)
    create_views(warehouse.bigquery_client(), shop.store)
    before, stored = figures(warehouse), places(warehouse, *people)
    assert len(stored) > 10 * how_many
    caplog.clear()

    request = asked(warehouse, "forget", *(person.documento for person in people))
    done = finished(dags["z316_forget"])

    assert places(warehouse, *people) == set()
    assert figures(warehouse) == before
    assert request not in warehouse.objects("people/")
    assert warehouse.objects("people/") == []
    assert not any(needle in caplog.text + str(done) for person in people for needle in person.needles)
    counts = [
        row
        for row in warehouse.rows("esquecimentos")
        if row["run"] == names.run_key("z316_forget", done.run_id)
    ]
    assert {row["people"] for row in counts} == {how_many}
    assert {"inbox", "raw", "webhook", "rejected", "rows", "older", "pdv", "pesquisa"} <= {
        row["place"] for row in counts
    }
    jobs = warehouse.bigquery_client().list_jobs()
    texts = [json.dumps(job.to_api_repr(), ensure_ascii=False) for job in jobs]
    assert texts
    assert not any(needle in text for text in texts for person in people for needle in person.needles)
    # The customer beside them is as before.
    others = [row for row in warehouse.rows("pdv") if row["id"] == buyers[other][0].pedido]
    assert [row["contato"]["nome"] for row in others] == [other.nome]
    assert all(MASK in row["observacoes"] for row in others)

    dates = {"from_date": day.isoformat(), "to_date": TODAY.isoformat()}
    finished(dags["z316_replay"], {"from_date": TODAY.isoformat()})
    finished(dags["z316_replay"], {"from_date": day.isoformat()})
    assert places(warehouse, *people) == set()
    finished(dags["z316_daily"], {"from_date": dates["from_date"]})
    assert places(warehouse, *people) == set()
    webhook_run(dags, warehouse, theirs)
    assert places(warehouse, *people) == set()
    assert {sale.pedido for sale in theirs} <= {row["id"] for row in warehouse.rows("pdv")}


def test_what_is_shown_is_what_a_search_finds(
    simulator: Simulator, warehouse: Warehouse, run: Any, dags: Any, day: date
) -> None:
    sales = sold_to(simulator, buyers=2, sales=8)
    buyers = known(sales)
    person, other = list(buyers)[:2]
    simulator.edit(buyers[other][0].pedido, observacoes=person.note)
    webhook_run(dags, warehouse, sales)
    scatter(warehouse, person, buyers[person][0], day)
    stored = places(warehouse, person)
    asked(warehouse, "show", person.digits)
    finished(dags["z316_show"])
    (name,) = warehouse.objects("people/")
    shown = json.loads(warehouse.storage_client().bucket(warehouse.api_bucket).blob(name).download_as_text())
    assert {sale.pedido for sale in buyers[person]} <= set(shown["orders"])
    found = {item["name"].rsplit("/", 1)[-1] for item in shown["stored"]}
    missing = {
        place for place in stored if place.rsplit("/", 1)[-1] not in found and "_staging." not in place
    }
    assert missing == set()
    assert not any(needle in json.dumps(shown, ensure_ascii=False) for needle in other.needles[1:3])


def test_a_run_that_dies_after_any_effect_forgets_all_the_same(shop: Shop) -> None:
    sales = sold_to(shop.simulator, buyers=1, sales=5)
    buyers = known(sales)
    person = next(iter(buyers))
    dag = shop.dags["z316_forget"]

    def stored_again() -> WholeRun:
        bucket = shop.warehouse.storage_client().bucket(shop.warehouse.api_bucket)
        for name in shop.warehouse.objects("forgotten/"):
            bucket.blob(name).delete()
        webhook_run(shop.dags, shop.warehouse, sales)
        scatter(shop.warehouse, person, buyers[person][0], shop.day)
        assert places(shop.warehouse, person)
        asked(shop.warehouse, "forget", person.documento)
        return WholeRun(dag)

    # What earlier sales have of this person is gone after the first run; all that follow find as much as each other.
    stored_again().finish()
    undisturbed = stored_again()
    with effects() as counted:
        undisturbed.go_on(counted)
    kinds = sorted(counted.kinds().values())
    for stop in (kinds[len(kinds) * part // 8] for part in (1, 4, 7)):
        run = stored_again()
        with effects(stop) as dying, pytest.raises(DeadError):
            run.go_on(dying)
        run.finish()
        assert places(shop.warehouse, person) == set(), counted.done[stop - 1]
        assert shop.warehouse.objects("people/") == []
        key = names.run_key("z316_forget", run.run_id)
        counts = [row["place"] for row in shop.warehouse.rows("esquecimentos") if row["run"] == key]
        assert len(counts) == len(set(counts)) > 0


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "No request in gs://z316-tiny-api/people/forget/"),
        (["not a document"], "line 1: expected a CPF"),
        (["", "11.222.333/0001-81"], "line 2: this document is the store's own"),
        (["id 000"], "line 1: the id 0"),
        (["000.000.000-00"], "line 1: all digits of this CPF or CNPJ are the same"),
        (["52998224725"], "line 1: nothing is stored"),
        (["id 99999999999"], "line 1: no order is stored under this contact id"),
    ],
)
def test_a_bad_request_is_refused_without_its_value(
    warehouse: Warehouse, run: Any, dags: Any, lines: list[str], says: str
) -> None:
    if lines:
        asked(warehouse, "forget", *lines)
    with pytest.raises(AirflowFailException, match=says) as refused:
        finished(dags["z316_forget"])
    assert not any(line and line in str(refused.value) for line in lines)
    assert warehouse.objects("people/found/") == []
    assert warehouse.objects("forgotten/") == []


@pytest.mark.parametrize("dag_id", ["z316_forget", "z316_show"])
@pytest.mark.parametrize("bad", ["not a document", "000.000.000-00", "52998224725", "id 99999999999"])
def test_a_cleared_task_takes_the_corrected_file_of_the_same_name(shop: Shop, dag_id: str, bad: str) -> None:
    sales = sold_to(shop.simulator, buyers=1, sales=1)
    person = next(iter(known(sales)))
    webhook_run(shop.dags, shop.warehouse, sales)
    what = dag_id.removeprefix("z316_")
    asked(shop.warehouse, what, person.documento, bad)
    run = WholeRun(shop.dags[dag_id])
    with pytest.raises(AirflowFailException) as refused:
        run.finish()
    says = ". Nothing was changed: upload the corrected file under the same name, then clear this task"
    assert str(refused.value).endswith(says)
    asked(shop.warehouse, what, person.documento)
    run.finish()
    assert shop.warehouse.objects(f"people/{what}/") == []


def test_the_list_has_a_key_of_its_own_without_which_nothing_is_written(
    warehouse: Warehouse, run: Any
) -> None:
    """The key of customers may be changed; who was forgotten stays known."""
    prefix, api = run.store.prefix, Objects(warehouse.storage_client(), warehouse.api_bucket)
    forget_people(api, prefix, People(frozenset({"52998224725"})), TODAY)
    before = read_forgotten(api, prefix)
    forget_people(api, prefix, People(frozenset({"11144477735"})), TODAY)
    after = read_forgotten(api, prefix)
    assert before.has(["52998224725"], [], TODAY)
    assert all(after.has([document], [], TODAY) for document in ("52998224725", "11144477735"))
    key = names.forgotten_key_object(prefix)
    content = api.read_json(key)
    api.delete(key)
    try:
        with pytest.raises(LostKeyError, match=r"keys/z316_forgotten\.json is missing"):
            read_forgotten(api, prefix)
        with pytest.raises(LostKeyError):
            forget_people(api, prefix, People(frozenset({"39053344705"})), TODAY)
    finally:
        api.create_json(key, content)
    assert read_forgotten(api, prefix) == after
