"""Many requests to Cloud Storage at the same time: most of the time of each is waiting for its answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from operator import call
from typing import Final, TypeVar

# As many connections as Objects keeps: more requests would open a new connection each. So many results may wait in
# memory, beside the one that is used.
THREADS: Final = 32

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def map_in_threads(do: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Yield what a function returns for each item, in their order, while it works on several.

    When the oldest of them is done, the next one begins.

    Args:
        do: The function; it runs in threads. Its first error ends everything.
        items: The items; a few are taken ahead.
    """
    left = iter(items)
    with ThreadPoolExecutor(THREADS) as pool:
        begun = deque(pool.submit(do, item) for item in islice(left, THREADS))
        while begun:
            result = begun.popleft().result()
            begun.extend(pool.submit(do, item) for item in islice(left, 1))
            yield result


def run_in_threads(*work: Callable[[], object]) -> None:
    """Do several pieces of work at the same time. The first error is raised when all that have begun have ended."""
    for _ in map_in_threads(call, work):
        pass


def begin_in_thread(do: Callable[[], _Result]) -> Future[_Result]:
    """Begin a piece of work beside what follows; whoever needs its result waits for its end."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(do)
    pool.shutdown(wait=False)
    return future


def one_ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """Yield items, the next of which is made in a thread while one is used."""

    def following() -> list[_Item]:
        return list(islice(items, 1))

    ahead = begin_in_thread(following)
    while found := ahead.result():
        ahead = begin_in_thread(following)
        yield found[0]
