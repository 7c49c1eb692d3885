"""Ten thousand answers changed at random: rows that a load takes, or a reject that says why; never an error."""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from local.tiny_simulator.settings import PROFILES, Settings
from local.tiny_simulator.simulator import Simulator
from tests.simulator.shops import make_shop
from tests.tiny_operators.helpers import envelope, sample, sample_text
from tests.tiny_operators.orders.mutator import Mutator, as_text, texts
from tiny_operators.orders.raw_lines import Kind, RawLine, read_line
from tiny_operators.orders.rows import (
    OrderRows,
    order_record,
    order_rows,
    product_ids,
    row_texts,
    search_values,
)
from tiny_operators.schemas import TABLES, Column, columns
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import FATAL, RETRYABLE, Json, parse_json, read_answer
from tiny_operators.tiny.api import PDV_PEDIDO_OBTER, PEDIDO_OBTER, PEDIDOS_PESQUISA, PRODUTO_OBTER

SERVICES = (PDV_PEDIDO_OBTER, PEDIDO_OBTER, PEDIDOS_PESQUISA, PRODUTO_OBTER)
KIND: dict[str, Kind] = {
    PDV_PEDIDO_OBTER: "pdv", PEDIDO_OBTER: "pdv", PEDIDOS_PESQUISA: "pesquisa", PRODUTO_OBTER: "produto"
}  # fmt: skip
EXPECTS = {PEDIDOS_PESQUISA: "pedidos", PRODUTO_OBTER: "produto"}
ANSWERS, BATCHES = 10_000, 20
NUMERIC = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Story:
    """All answers about one order.

    Attributes:
        pedido: Its id.
        produto: Id of one of its products.
        answers: By service.
    """

    pedido: int
    produto: int
    answers: dict[str, Json]

    def personal(self) -> set[str]:
        """Texts that tell of the customer."""
        found: set[str] = set()
        for answer in self.answers.values():
            pedido = answer["retorno"].get("pedido") or {}
            for name in ("contato", "cliente", "enderecoEntrega", "endereco_entrega"):
                found |= {text for text in texts(pedido.get(name)) if len(text) > 4}
        return found


def sampled() -> Iterator[Story]:
    """The recorded samples."""
    answers = {
        PDV_PEDIDO_OBTER: sample("pdv_pedido_obter.json"),
        PEDIDO_OBTER: sample("pedido_obter.json"),
        PEDIDOS_PESQUISA: sample("pedidos_pesquisa.json"),
    }
    pedido = 910000101
    answers[PEDIDO_OBTER]["retorno"]["pedido"]["id"] = pedido
    for name in ("", "_variacao", "_kit", "_item_unico_objeto", "_sem_custo"):
        produto = json.loads(sample_text(f"produto_obter{name}.json"), parse_float=Decimal)
        yield Story(pedido, int(produto["retorno"]["produto"]["id"]), {**answers, PRODUTO_OBTER: produto})


def simulated(profile: str) -> Iterator[Story]:
    """Orders of the simulated shop, as it answers about them."""
    shop = make_shop(profile=profile, days=2)
    simulator = Simulator(shop, token="t", settings=Settings(quirks=PROFILES[profile]))

    def ask(service: str, **params: str) -> Json:
        found: Json = parse_json(
            simulator.answer(service, {"formato": "JSON", **params}, None, None).body.decode()
        )
        return found

    for order in list(shop.orders.values())[:15]:
        products = [item.id_produto for item in order.itens if item.id_produto]
        if products:
            key = str(order.id)
            answers = {service: ask(service, id=key) for service in (PDV_PEDIDO_OBTER, PEDIDO_OBTER)}
            answers[PEDIDOS_PESQUISA] = ask(PEDIDOS_PESQUISA, numero=str(order.numero))
            answers[PRODUTO_OBTER] = ask(PRODUTO_OBTER, id=str(products[0]))
            yield Story(order.id, products[0], answers)


@cache
def stories() -> list[Story]:
    return [*sampled(), *simulated("common"), *simulated("hostile")]


def raw(service: str, answer: Json, story: Story) -> RawLine | None:
    """The line that the pipeline would keep of an answer; None when it would ask again, or stop."""
    read = read_answer(200, as_text(answer), EXPECTS.get(service, "pedido"))
    if read.meaning in RETRYABLE | FATAL:
        return None
    if KIND[service] == "pdv" and (record := order_record(read, service, story.pedido)) is not None:
        assert all(produto > 0 for produto in product_ids(record))
    if service == PEDIDOS_PESQUISA:
        search.last_page(read.retorno)
        for line in search.lines(read.retorno):
            search.order_date(line)
            search_values(line)
    about = envelope(
        KIND[service],
        pedido=story.pedido if KIND[service] == "pdv" else None,
        produto=story.produto if service == PRODUTO_OBTER else None,
        request={"service": service},
    )
    return read_line(about.line(read.text))


_KEPT: dict[tuple[int, int, str], RawLine | None] = {}


def unchanged(service: str, story: Story) -> RawLine | None:
    """The line of an answer that stays as it is, made once."""
    key = (story.pedido, story.produto, service)
    if key not in _KEPT:
        _KEPT[key] = raw(service, story.answers[service], story)
    return _KEPT[key]


def rows_of(story: Story, service: str, answer: Json) -> OrderRows | None:
    """What comes of the order when one of its answers is this one; None when the pipeline would ask again."""
    lines = {
        name: raw(name, answer, story) if name == service else unchanged(name, story)
        for name in story.answers
    }
    order = lines[PEDIDO_OBTER if service == PEDIDO_OBTER else PDV_PEDIDO_OBTER]
    if order is None or lines[service] is None:
        return None
    page, produto = lines[PEDIDOS_PESQUISA], lines[PRODUTO_OBTER]
    lists = page is not None and any(
        search.order_id(line) == story.pedido for line in search.lines(page.answer.get("retorno", {}))
    )
    return order_rows(order, page if lists else None, {story.produto: produto} if produto else {})


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_changed_answer_gives_rows_or_a_reject(batch: int) -> None:
    mutator, ends = Mutator(batch), Counter[str]()
    for number in range(ANSWERS // BATCHES):
        story, service = mutator.choice(stories()), SERVICES[number % len(SERVICES)]
        answer, what = mutator.changed(story.answers[service])
        try:
            result = rows_of(story, service, answer)
            if result is not None:
                check(result, story)
        except Exception as error:
            error.add_note(f"{service} of order {story.pedido}, batch {batch}, answer {number}: {what}")
            raise
        ends[end_of(result)] += 1
    # A mutator that breaks all answers, or none, would prove nothing.
    assert min(ends[end] for end in ("loaded", "rejected")) > ANSWERS // BATCHES // 20, ends


def end_of(result: OrderRows | None) -> str:
    if result is None:
        return "asked again"
    return (
        "loaded" if result.loaded else "rejected" if result.rejects else "waits" if result.waits else "gone"
    )


def check(result: OrderRows, story: Story) -> None:
    """Rows as the tables take them, and rejects that say where and what kind, but not what."""
    assert (
        result.loaded + bool(result.waits or result.gone) + (not result.rows["pdv"] and bool(result.rejects))
        == 1
    )
    for reject in result.rejects:
        assert all((reject.step, reject.field, reject.expected, reject.found, reject.action)), reject
        reported = str(asdict(reject))
        assert not [text for text in story.personal() if text in reported]
    for table in TABLES:
        for row in result.rows[table]:
            if not result.gone:
                check_record(row, columns(table))
        for text in row_texts(result.rows[table]):
            assert text.count("\n") == 1
            again = json.loads(text.encode("utf-8"), parse_constant=pytest.fail)
            check_json(again["payload"] if not result.gone else None)


def check_record(record: Json, fields: tuple[Column, ...]) -> None:
    assert list(record) == [field.name for field in fields]
    for field in fields:
        values = record[field.name] if field.repeated else [record[field.name]]
        assert isinstance(values, list)
        assert None not in values or not field.repeated
        for value in values:
            if value is not None:
                check_value(value, field)


def check_value(value: Any, field: Column) -> None:
    match field.type:
        case "RECORD":
            check_record(value, field.fields)
        case "STRING":
            assert type(value) is str
        case "INTEGER":
            assert type(value) is int
            assert -(2**63) <= value < 2**63
        case "NUMERIC":
            assert NUMERIC.fullmatch(value), field.name
        case "DATE":
            assert date.fromisoformat(value).year >= 1
        case "TIMESTAMP":
            assert datetime.fromisoformat(value).tzinfo is not None
        case kind:
            assert kind == "JSON"


def check_json(value: Any, depth: int = 0) -> None:
    """What a JSON column takes: nested up to 500 times, 64-bit whole numbers, doubles, UTF-8.

    Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#json_type
    """
    assert depth <= 500
    match value:
        case dict():
            for name, inner in value.items():
                assert not SURROGATE.search(name)
                check_json(inner, depth + 1)
        case list():
            for inner in value:
                check_json(inner, depth + 1)
        case str():
            assert not SURROGATE.search(value)
        case bool() | None:
            pass
        case int():
            assert -(2**63) <= value < 2**64
        case float():
            assert math.isfinite(value)


def test_the_unchanged_answers_give_rows() -> None:
    """The mutations start from answers that are in order."""
    for story in stories():
        for service in SERVICES:
            result = rows_of(story, service, story.answers[service])
            assert result is not None
            assert result.loaded, (service, story.pedido, result.rejects)
            check(result, story)


def test_the_same_seed_changes_the_same() -> None:
    dice = random.Random(1)
    for seed in (dice.randrange(1000) for _ in range(5)):
        answers = [Mutator(seed).changed(stories()[0].answers[PDV_PEDIDO_OBTER]) for _ in range(2)]
        assert answers[0] == answers[1]
