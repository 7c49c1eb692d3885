"""How much of Google's limits some stores use: ``PYTHONPATH=plugins:. python -m benchmarks.arithmetic``.

Nothing is run. What a batch needs is counted by ``tests/component/test_requests.py`` and by the DAG; the limits are
those that Google publishes (BigQuery "Quotas and limits", Composer "Database retention").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

STORES: Final = (1, 100, 10_000)
# A store of 300 orders a day, as in docs/cost.md: two or three events an order, most of them alone in their batch.
BATCHES: Final = 400
ORDERS: Final = 300
# The order, its line of the search, a product.
CALLS: Final = 3
# Of a batch: counted by the test.
LOADS: Final = 3
QUERIES: Final = 2
STATEMENTS: Final = 6
# Of the DAGs: webhook, watch, daily, retention.
TASKS: Final = {"z316_webhook": 11, "z316_watch": 6, "z316_daily": 12, "z316_retention": 1}
RUNS: Final = {"z316_webhook": BATCHES, "z316_watch": 24, "z316_daily": 1, "z316_retention": 1}
_OPEN_SECONDS: Final = 12 * 3600
# A merge on BigQuery, as its documents let expect: nobody has measured it on a real project.
_MERGE_SECONDS: Final = 15
_POLL_SECONDS: Final = 2
# 10 to 20 MB a store and day, of runs, logs and XComs (estimated).
_DATABASE_MB: Final = 15
# As deploy/settings.yaml has it (keep_days.airflow_runs).
KEPT_DAYS: Final = 60


@dataclass(frozen=True)
class Use:
    """What is used of one thing that has a limit.

    Attributes:
        what: Its name.
        of_store: How much one store uses.
        limit: How much there is; None when it is without limit, or only money.
        per: Of what the limit is.
    """

    what: str
    of_store: float
    limit: float | None
    per: str

    @property
    def wall(self) -> int | None:
        """Return how many stores reach the limit."""
        return int(self.limit / self.of_store) if self.limit else None


def uses() -> Iterator[Use]:
    """Yield what a store uses in a day of twelve open hours."""
    tasks = sum(RUNS[dag] * TASKS[dag] for dag in RUNS)
    yield Use(
        f"MB of Airflow's database, {KEPT_DAYS} days", _DATABASE_MB * KEPT_DAYS, 20_000, "an environment"
    )
    yield Use("load jobs a day", BATCHES * LOADS, 100_000, "a project")
    yield Use(
        "merges at once, all stores in one dataset",
        BATCHES * _MERGE_SECONDS / _OPEN_SECONDS,
        2 + 20,
        "a table: 2 run, 20 wait",
    )
    yield Use("deferred `wait` tasks", 1, 1_000, "a triggerer")
    yield Use("new jobs a second", BATCHES * (LOADS + QUERIES) / _OPEN_SECONDS, 100, "an account")
    yield Use("statements a day", BATCHES * STATEMENTS, None, "")
    yield Use("DAG runs a day", sum(RUNS.values()), None, "")
    yield Use("task instances a day", tasks, None, "")
    yield Use("task instances a second, open hours", tasks / _OPEN_SECONDS, None, "")
    yield Use("lists of an inbox a day", 24 * 3600 / _POLL_SECONDS, None, "")
    yield Use("calls to Tiny a day", ORDERS * CALLS, None, "")


def table() -> str:
    """Write the uses as a table in Markdown."""
    heads = [
        "what",
        *(f"{count:,} stores" if count > 1 else "1 store" for count in STORES),
        "limit",
        "stores at it",
    ]
    lines = [f"| {' | '.join(heads)} |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for use in uses():
        limit = f"{use.limit:,.0f}, {use.per}" if use.limit else "none"
        cells = [use.what, *(_number(use.of_store * count) for count in STORES), limit]
        lines.append(f"| {' | '.join(cells)} | {f'{use.wall:,}' if use.wall else ''} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"  # noqa: PLR2004 - digits that say something


if __name__ == "__main__":
    print(table())
