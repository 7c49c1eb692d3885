"""What is put back: which rejects a person asks for, and what of them becomes an event."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.tiny_operators.helpers import CNPJ, TIMEZONE
from tiny_operators.batches.put_back import (
    PutBack,
    PutBackRequest,
    RejectedObject,
    how_to_put_back,
    order_event,
    read_put_back,
)
from tiny_operators.batches.run_request import RequestError
from tiny_operators.lake import names
from tiny_operators.orders.webhooks import OrderEvent, read_webhook

# In São Paulo it is still the 14th.
NIGHT = datetime(2026, 3, 15, 1, tzinfo=UTC)
ALL = PutBackRequest(())


def test_without_dates_yesterday_and_today_of_the_store() -> None:
    found = read_put_back({"from_date": None, "to_date": "", "field": " ", "order": None}, NIGHT, TIMEZONE)
    assert found == PutBackRequest((date(2026, 3, 13), date(2026, 3, 14)))


def test_what_is_asked_for_is_read() -> None:
    asked = {"from_date": "2026-03-01", "to_date": "2026-03-02", "field": "pdv.frete", "order": 7}
    found = read_put_back(asked, NIGHT, TIMEZONE)
    assert found == PutBackRequest((date(2026, 3, 1), date(2026, 3, 2)), "pdv.frete", 7)
    assert found.wants({"field": "pdv.frete", "pedido": 7})
    for other in ({"field": "pdv.frete.x", "pedido": 7}, {"field": "pdv.frete", "pedido": 8}, {}):
        assert not found.wants(other)
        assert ALL.wants(other)


@pytest.mark.parametrize(
    "asked", [{"order": "7a"}, {"order": "-7"}, {"from_date": "14/03/2026"}, {"to_date": "2026-03-16"}]
)
def test_what_cannot_be_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        read_put_back(asked, NIGHT, TIMEZONE)


@pytest.mark.parametrize("more", [{}, {"from_date": None}, {"from_date": "", "order": 7}])
def test_a_last_day_alone_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="from_date is empty, and to_date is 2026-03-14: give both"):
        read_put_back({"to_date": "2026-03-14", **more}, NIGHT, TIMEZONE)


def row(
    number: int, pedido: int | None, file: str | None = None, produto: int | None = None
) -> dict[str, Any]:
    return {"id": f"r{number}", "pedido": pedido, "file": file, "produto": produto, "field": "pdv.frete"}


def test_orders_without_a_rejected_file_get_an_event() -> None:
    work = PutBack(files=[RejectedObject("rejected/x", 3, "x.json")])
    work.add("a", [row(1, 8), row(2, 7), row(3, 7, produto=70), row(4, None), row(5, 9, "y.json")], ALL)
    work.add("b", [row(6, 9, "y.json", produto=70), row(7, 7)], ALL)
    work.add("c", [row(8, 8, "z.json")], ALL)
    assert work.orders == [7, 8, 9]
    assert work.rejects == {"a": ["r1", "r2", "r3"], "b": ["r6", "r7"]}
    assert work.left == 1
    assert PutBack.from_json(json.loads(json.dumps(work.to_json()))) == work


def test_orders_are_named_once_and_only_when_they_are_few() -> None:
    files = [RejectedObject("rejected/x", 3, "x.json", [9, 7]), RejectedObject("rejected/y", 4, "y.json")]
    work = PutBack(files=files, orders=[7, 8])
    assert work.named(3) == [7, 8, 9]
    assert work.named(2) == PutBack().named(2) == []
    assert PutBack.from_json(json.loads(json.dumps(work.to_json()))) == work


def test_a_file_that_a_version_before_found_names_no_order() -> None:
    stored = {"files": [{"rejected": "rejected/x", "generation": 3, "name": "x.json"}]}
    assert PutBack.from_json(stored).named(10) == []


def test_an_event_is_one_for_the_pipeline() -> None:
    event = json.dumps(order_event(CNPJ, 910024741)).encode()
    assert read_webhook(event, CNPJ) == [OrderEvent(910024741, None)]


def test_reasons_of_a_run_are_no_webhook_file() -> None:
    key = names.run_key("z316_webhook", "scheduled__2026-03-14T12:00:00+00:00")
    assert names.is_rejects_object(names.rejects_object(key, "2026-03-14"))
    for name in (f"{key}.ndjson", "vendas/1.json", "x.ndjson"):
        assert not names.is_rejects_object(names.rejected_object(name, 17, "2026-03-14"))


def how(name: str) -> str:
    return how_to_put_back(
        f"gs://api/rejected/1-{name}", f"gs://inbox/{name}", "z316_put_back", "2026-03-14", "tipo"
    )


@pytest.mark.parametrize("name", ["a.json", "minha venda (1).txt", "it's $HOME", "à;b", '"', "{a,b}"])
def test_a_file_goes_back_by_one_command(name: str) -> None:
    assert shlex.split(how(name)) == [
        *("gcloud", "storage", "mv"),
        f"gs://api/rejected/1-{name}",
        f"gs://inbox/{name}",
    ]


@pytest.mark.parametrize("sign", "*?[]#")
@pytest.mark.parametrize("count", [1, 3, 10])
def test_a_file_that_no_command_can_name_goes_back_by_the_dag(sign: str, count: int) -> None:
    for place in range(7):
        name = "a.json"[:place] + sign * count + "a.json"[place:]
        words, _, form = how(name).partition(" with ")
        assert words == "trigger the DAG z316_put_back"
        asked = read_put_back(json.loads(form), NIGHT, TIMEZONE)
        assert asked == PutBackRequest((date(2026, 3, 14),), "tipo")
    # The end of a long name is enough of it in rejected/, not in the inbox.
    assert how_to_put_back(
        "gs://api/rejected/1-a", f"gs://inbox/{sign}a", "d", "2026-03-14", "tipo"
    ).startswith("trigger the DAG d ")
