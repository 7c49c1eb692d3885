"""The rows step of a replay alone: what it lists, what it makes of bad objects, what it says."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.demo.parts import Simulator, Warehouse
from tests.component.replaying import older_folder, upload
from tests.tiny_operators.helpers import envelope, sample_text
from tests.tiny_operators.raw_orders import PEDIDO
from tiny_operators._compat import AirflowFailException
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.lake import names
from tiny_operators.operators.replay import ReplayRowsOperator
from tiny_operators.tiny.answers import one_line

pytestmark = pytest.mark.stack


def context_of(run: Any, first: date, last: date | None = None) -> Any:
    return {
        **run.context(),
        "dag_run": SimpleNamespace(run_id=run.run_id, run_type="manual", conf={}, queued_at=None),
        "params": {"from_date": first.isoformat(), "to_date": last.isoformat() if last else None},
    }


def make_rows(run: Any, context: Any) -> dict[str, int]:
    """Run the operator; its counts."""
    counts: dict[str, int] = ReplayRowsOperator(task_id="rows", store=run.store).execute(context)
    return counts


def download(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    text = warehouse.storage_client().bucket(warehouse.api_bucket).blob(name).download_as_text()
    return [json.loads(line) for line in text.splitlines()]


def rejects(warehouse: Warehouse, run: Any, first: date) -> list[dict[str, Any]]:
    return download(warehouse, names.rejects_object(run.key, first.isoformat()))


def test_bad_older_files_are_rejects_and_the_rest_is_made(
    simulator: Simulator, warehouse: Warehouse, run: Any, day: date
) -> None:
    hook = TinyHook("tiny_z316")
    midday = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - the names have no zone
    good, no_pdv, no_page, no_json, no_answer, bad_product = (sale.pedido for sale in simulator.sell(6))
    bad = {
        "pdv": (no_json, "{ana@example.com"),
        "pesquisa": (no_answer, "[]"),
        "produto": (bad_product, "{}"),
    }
    for pedido in (good, no_pdv, no_page, no_json, no_answer, bad_product):
        objects = older_folder(hook, pedido, midday)
        left_out = {no_pdv: "-pdv-", no_page: "-pesquisa-"}.get(pedido, "(nothing)")
        replaced = {f"-{kind}-": text for kind, (one, text) in bad.items() if one == pedido}
        for name, text in objects.items():
            if left_out not in name:
                upload(warehouse, name, next((new for kind, new in replaced.items() if kind in name), text))
    upload(warehouse, f"{midday:%Y%m%dT%H%M%S}-folder of somebody/x.json", "{}")
    counts = make_rows(run, context_of(run, day))
    products = len([name for name in older_folder(hook, bad_product, midday) if "-produto-" in name])
    assert (counts["orders"], counts["pdv"], counts["rejects"]) == (7, 2, 5 + products)
    assert {row["id"] for row in download(warehouse, names.rows_object("pdv", run.key))} == {
        good,
        bad_product,
    }
    found = rejects(warehouse, run, day)
    assert {(reject["pedido"], reject["field"]) for reject in found} == {
        (no_pdv, "pdv"),
        (no_page, "pesquisa"),
        (no_json, "pdv"),
        (no_answer, "pesquisa"),
        (bad_product, "produto"),
        (None, "(folder)"),
    }
    assert "ana@" not in json.dumps(found)
    assert all(f"gs://{warehouse.api_bucket}/{midday:%Y%m%dT}" in reject["action"] for reject in found)


def test_damaged_raw_lines_are_rejects_and_the_rest_is_made(
    warehouse: Warehouse, run: Any, day: date
) -> None:
    page, cut = (f"raw/pesquisa/dt={day}/{name}.ndjson" for name in ("page", "cut"))
    answer = one_line(sample_text("pdv_pedido_obter.json"))
    upload(warehouse, page, envelope("pesquisa").line(one_line(sample_text("pedidos_pesquisa.json"))))
    upload(warehouse, cut, '{"store": "z316", "ana@')
    products = {"7": f"{names.raw_product_prefix(day.isoformat())}7.ndjson"}
    lines = [
        envelope("pdv", pedido=PEDIDO, pesquisa=page).line(answer),
        '{"ana@example.com"\n',
        envelope("pdv", pedido=2, pesquisa=cut).line(answer.replace(str(PEDIDO), "2")),
        envelope("pdv", pedido=3, pesquisa=page, produtos=products).line(answer.replace(str(PEDIDO), "3")),
    ]
    upload(warehouse, names.raw_orders_object("key", day.isoformat(), 1), "".join(lines))
    counts = make_rows(run, context_of(run, day))
    assert (counts["orders"], counts["pdv"], counts["rejects"]) == (4, 1, 3)
    found = rejects(warehouse, run, day)
    assert [(reject["pedido"], reject["found"]) for reject in found] == [
        (None, "something else"),
        (2, "something else"),
        (3, "nothing"),
    ]
    assert cut in found[1]["action"]
    assert products["7"] in found[2]["action"]
    assert "ana@" not in json.dumps(found)


def test_orders_that_wait_for_the_search_make_no_rows(warehouse: Warehouse, run: Any, day: date) -> None:
    line = envelope("pdv", pedido=PEDIDO).line(one_line(sample_text("pdv_pedido_obter.json")))
    upload(warehouse, names.raw_orders_object("key", day.isoformat(), 1), line)
    counts = make_rows(run, context_of(run, day))
    assert (counts["orders"], counts["waiting"], counts["pdv"], counts["rejects"]) == (1, 1, 0, 0)


def test_only_the_prefixes_of_the_dates_are_listed(
    warehouse: Warehouse, run: Any, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = day + timedelta(days=1)
    outside = f"{names.older_layout_prefix((day + timedelta(days=2)).isoformat())}bad"
    inside = [f"{names.older_layout_prefix(date.isoformat())}bad" for date in (day, after)]
    for name in (*inside, outside):
        upload(warehouse, name, "{}")
    listed: list[str] = []
    send = requests.Session.send

    def note(session: requests.Session, request: requests.PreparedRequest, **kwargs: Any) -> Any:
        url = urlsplit(str(request.url))
        if request.method == "GET" and url.path.endswith("/o"):
            listed.extend(parse_qs(url.query).get("prefix", ["(whole bucket)"]))
        return send(session, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", note)
    assert make_rows(run, context_of(run, day, after))["rejects"] == len(inside)
    assert listed == [
        prefix
        for date in (day, after)
        for prefix in (
            names.raw_orders_prefix(date.isoformat()),
            names.older_layout_prefix(date.isoformat()),
        )
    ]


def test_progress_says_how_many_dates_are_left(warehouse: Warehouse, run: Any, day: date) -> None:
    upload(warehouse, f"{names.older_layout_prefix(day.isoformat())}bad", "{}")
    context = context_of(run, day - timedelta(days=1), day)
    make_rows(run, context)
    progress = context["ti"].pushed["progress"]
    assert progress.pop("seconds") >= 0
    assert progress == {"date": day.isoformat(), "objects": 1, "orders": 1, "dates_left": 0}


def test_a_range_that_cannot_be_is_refused(run: Any, day: date) -> None:
    with pytest.raises(AirflowFailException, match="before from_date"):
        make_rows(run, context_of(run, day, day - timedelta(days=1)))
