"""Whether the tables are right after a chaos run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, Final

from benchmarks.chaos.agenda import BAD_FILES
from benchmarks.chaos.silence import Silence
from benchmarks.history.figures import Figures
from benchmarks.history.shop import Shop
from local.stack import workers

_SHOWN: Final = 10
# The simulated shop's past is shorter.
_PAST_DAYS: Final = 60
_MARKED: Final = ("pdv", "pesquisa")


def judge_tables(
    shop: Shop, figures: Figures, dates: tuple[date, date], deleted: Collection[int], silence: Silence
) -> None:
    """Hold the tables against what the simulator says is true of some dates, both included."""
    first, last = dates
    truth = silence.without(shop.simulator.truth_of_dates(first, last))
    wrong = shop.warehouse.differences(truth)
    kinds = Counter(_kind(text) for text in wrong)
    for text in wrong[:_SHOWN]:
        figures.tell(text)
    figures.tell(f"{len(truth['pdv'])} orders, {len(truth['snapshots'])} snapshots of products in the truth")
    for kind in ("lost", "doubled", "stale"):
        figures.at_most(f"rows {kind}", kinds[kind], 0)
    whole_past = shop.simulator.truth_of_dates(first - timedelta(days=_PAST_DAYS), last)
    known = {int(row["id"]) for row in whole_past["pdv"]}
    unmarked, marked, strange, silent = 0, 0, 0, 0
    for table in _MARKED:
        for row in shop.warehouse.rows(table):
            pedido = int(row["id"])
            silent += pedido in silence.orders
            strange += pedido not in known and pedido not in deleted
            unmarked += pedido in deleted and row["deleted_at"] is None
            marked += pedido in known and row["deleted_at"] is not None
    figures.at_most("rows of orders that nobody sold", strange, 0)
    figures.at_most("rows of orders that Tiny never answered about", silent, 0)
    figures.at_most("deleted orders that are not marked", unmarked, 0)
    figures.at_most("orders marked as deleted that are not", marked, 0)


def _kind(text: str) -> str:
    if text.endswith("missing"):
        return "lost"
    return "doubled" if text.endswith(("twice", "nobody sold it")) else "stale"


def judge_rejects(shop: Shop, figures: Figures, silence: Silence) -> None:
    """Check that the bad files and the silent orders are set aside with their reasons, and nothing else is."""
    names = shop.warehouse.objects("rejected/")
    files = [name for name in names if not name.endswith((".ndjson", ".reason.json"))]
    bad = Counter(bad for name in files for bad in BAD_FILES if name.endswith(bad))
    reasons = {name: _reason(shop, name) for name in names if name.endswith(".reason.json")}
    about = {reason["pedido"] for reason in reasons.values()} - {None}
    lines = [line for name in names if name.endswith(".ndjson") for line in _lines(shop, name)]
    # A night leaves an order that it gets no answer about to the next one; its reason stands among the lines.
    unanswered = {line["pedido"] for line in lines if line["step"] == "fetch" and line["field"] == "pedido"}
    figures.at_least("bad files set aside", bad.total(), len(BAD_FILES))
    figures.at_most(
        "files set aside without a reason", len({f"{name}.reason.json" for name in files} - set(reasons)), 0
    )
    figures.at_most("silent orders that are not set aside", len(silence.orders - about - unanswered), 0)
    figures.at_most("orders set aside that Tiny answers about", len(about - silence.orders), 0)
    silent_files = sum(reason["pedido"] in silence.orders for reason in reasons.values())
    figures.at_most("other files set aside", len(files) - bad.total() - silent_files, 0)
    odd = [line for line in lines if line["pedido"] and line["step"] != "fetch"]
    for line in odd[:_SHOWN]:
        figures.tell(f"rejected: {line['step']} {line['field']}: {line['expected']}, found {line['found']}")
    left = unanswered - silence.orders
    figures.tell(f"orders that a night left to the next, since Tiny did not answer: {len(left)}")
    figures.at_most("orders and products set aside that are in order", len(odd), 0)


def _reason(shop: Shop, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_text(shop, name))
    return found


def _lines(shop: Shop, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(shop, name).splitlines()]


def _text(shop: Shop, name: str) -> str:
    bucket = shop.warehouse.storage_client().bucket(shop.warehouse.api_bucket)
    return str(bucket.blob(name).download_as_text())


def judge_workers(shop: Shop, figures: Figures) -> None:
    """Check that each worker had its part of the tasks, and left its copy of the code as it was."""
    for name in workers.names(shop.settings):
        tasks = sum(path.is_file() for path in workers.logs(shop.settings, name).glob("dag_id=*/**/*.log"))
        figures.at_least(f"tries of tasks that {name} ran", tasks, 1)
        figures.at_most(
            f"files of the code that {name} changed", len(workers.changed_code(shop.settings, name)), 0
        )


def judge_calls(figures: Figures, calls: list[dict[str, Any]], share: float) -> None:
    """Check that Tiny really was as bad as it was asked to be."""
    faulty = sum(call["fault"] is not None for call in calls)
    throttled = sum(call["code"] in {6, 11} for call in calls)
    kinds = Counter(call["fault"] for call in calls if call["fault"])
    figures.tell(f"{len(calls)} calls; faults: {', '.join(f'{kind} {n}' for kind, n in kinds.most_common())}")
    figures.at_least("share of calls that failed", faulty / len(calls), 0.8 * share)
    figures.at_least("calls throttled (codes 6 and 11)", throttled, 1)
