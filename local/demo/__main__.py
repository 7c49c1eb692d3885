"""``python -m local.demo``: start the stack, sell, wait, compare, show, make the report page, stop."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import requests
from google.cloud import bigquery

from local.demo import past, report
from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse, post_webhook
from local.report_page.page import FILE_NAME, render
from local.report_page.queries import read_report
from local.stack.launcher import running
from local.stack.settings import PROJECT, Settings, StackError
from tiny_operators.stores import load_stores

_PATIENCE_S = 300
_TABLES = ("pdv", "pesquisa", "produto")


def main() -> int:
    """Run the demo; 0 when the tables equal the truth."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--orders", type=int, default=20, help="how many sales (default 20)")
    parser.add_argument("--past-days", type=int, default=3, help="days before today on the page (default 3)")
    arguments = parser.parse_args()
    began = time.monotonic()
    try:
        settings = Settings.from_env()
        if "tiny" in settings.replaced:
            raise StackError(
                "the demo compares with the simulator's truth: unset AIRFLOW_CONN_TINY_Z316 first"
            )
        with running(settings, fresh=True) as stack:
            os.environ.update(stack.env)
            problems = list(_demo(stack.env, arguments.orders))
            problems += _page(settings, stack.env, arguments.past_days)
    except (StackError, requests.RequestException) as error:
        print(f"[demo] failed: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    for problem in problems:
        print(f"[demo] wrong: {problem}", file=sys.stderr, flush=True)
    print(report.ending(problems, settings, time.monotonic() - began), flush=True)
    return 1 if problems else 0


def _demo(env: Mapping[str, str], count: int) -> Iterator[str]:
    """Sell, wait and show; what is wrong with the result."""
    store = load_stores()[0]
    warehouse = Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset)
    simulator = Simulator(env["TINY_SIMULATOR_URL"])
    simulator.forget_calls()
    sales = simulator.sell(count)
    print(f"[demo] {count} sales; posting their webhooks to {env['WEBHOOK_URL']}", flush=True)
    posted = {sale.pedido: post_webhook(env["WEBHOOK_URL"], sale.webhook) for sale in sales}
    yield from _wait(warehouse, count)

    truth = truth_rows(simulator.truth(list(posted)))
    rows = {table: warehouse.rows(table) for table in _TABLES}
    for table in _TABLES:
        yield from table_differences(table, truth[table], rows[table])
    calls, products = simulator.calls(), {row["id"] for row in truth["produto"]}
    # All sales are of today: one search page a batch. A slow machine may take the files up in two batches.
    batches = sum(name.endswith("/plan.json") for name in warehouse.objects("runs/"))
    # And once a day Tiny is asked whose the token is.
    bound = {
        "info": 1,
        "pdv.pedido.obter": count,
        "pedidos.pesquisa": batches,
        "produto.obter": len(products),
    }
    if calls != bound:
        yield f"calls were {dict(calls)}, not {bound} (in {batches} batches)"
    seconds = [
        row["update_timestamp"].timestamp() - posted[row["id"]] for row in rows["pdv"] if row["id"] in posted
    ]
    print(report.tables({table: len(rows[table]) for table in _TABLES}, dict(calls)), flush=True)
    if rows["pdv"]:
        chosen = max(rows["pdv"], key=lambda row: len(row["itens"]))
        print(report.one_order(chosen, rows, warehouse), flush=True)
        print(report.delay(min(seconds), statistics.median(seconds), max(seconds)), flush=True)


def _page(settings: Settings, env: Mapping[str, str], past_days: int) -> Iterator[str]:
    """Bring in some days before today, and make the page of them and today; what is wrong with the rows."""
    store = load_stores()[0]
    if past_days > 0:
        today = datetime.now(ZoneInfo(store.timezone)).date()
        warehouse = Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset)
        simulator = Simulator(env["TINY_SIMULATOR_URL"])
        first, last = today - timedelta(days=past_days), today - timedelta(days=1)
        yield from past.bring_in(settings, simulator, warehouse, first, last)
    read = read_report(bigquery.Client(project=PROJECT), store, past_days + 1)
    path = settings.home / FILE_NAME
    path.write_text(render(read), encoding="utf-8")
    print(report.page(path), flush=True)


def _wait(warehouse: Warehouse, count: int) -> Iterator[str]:
    """Wait until the orders have rows and their files have left the inbox; says what goes on."""
    began, said = time.monotonic(), ""
    while time.monotonic() - began < _PATIENCE_S:
        rows, waiting = warehouse.count("pdv"), len(warehouse.waiting())
        raw = len(warehouse.objects("raw/"))
        now = f"{waiting} files in the inbox, {raw} raw objects, {rows} of {count} orders in BigQuery"
        if now != said:
            print(f"[demo {time.monotonic() - began:5.1f} s] {now}", flush=True)
            said = now
        if rows >= count and not waiting:
            return
        time.sleep(1)
    rejected = warehouse.objects("rejected/")
    yield f"after {_PATIENCE_S} s: {said}; rejected objects: {rejected or 'none'}; see: make logs"


if __name__ == "__main__":
    sys.exit(main())
