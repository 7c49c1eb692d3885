"""The parts of the table, each measured in a process of its own that has the stack's variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.table.bill import bill
from benchmarks.table.dags import dags
from benchmarks.table.history import history
from benchmarks.table.memory import memory
from benchmarks.table.moves import moves
from benchmarks.table.pace import pace
from benchmarks.table.receiver import receiver
from benchmarks.table.replay import replay
from benchmarks.table.requests import requests_of_sales
from benchmarks.table.rows import Row
from benchmarks.table.sale import sales
from benchmarks.table.typing import typing

PARTS: Final[dict[str, Callable[[], Iterator[Row]]]] = {
    "requests": requests_of_sales,
    "sale": sales,
    "bill": bill,
    "moves": moves,
    "typing": typing,
    "replay": replay,
    "pace": pace,
    "dags": dags,
    "memory": memory,
    "receiver": receiver,
    "history": history,
}

# Those that start a stack of their own, with Airflow's scheduler.
WITH_A_STACK: Final = frozenset({"sale"})
