"""Orders that a person asks for: which they are, and what became of them.

Each gets an event in the inbox, like a webhook of Tiny's, and is read in the same way as all sales.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tiny_operators.batches.run_request import RequestError
from tiny_operators.batches.waiting import WaitingFiles
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.orders.outcomes import State
from tiny_operators.orders.plan import Tried
from tiny_operators.stores import Store
from tiny_operators.tiny import search
from tiny_operators.tiny.api import Tiny
from tiny_operators.warehouse.known_orders import KnownOrder, KnownOrders
from tiny_operators.wording import counted

ORDERS: Final = "orders"
NUMBERS: Final = "numbers"
# For more orders there are dates: the daily DAG reads 100 search lines with one call.
MOST_ORDERS: Final = 100
# What an entry of each field may look like.
_EXAMPLES: Final = {ORDERS: "910024741", NUMBERS: "1042"}
_MOST_DIGITS: Final = 18
# What people write between several of them.
_SEPARATORS: Final = re.compile(r"[\s,;]+")
# How far the clocks of Airflow and of Cloud Storage may be apart.
_CLOCKS: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class AskedOrders:
    """What a person asks for.

    Attributes:
        orders: Tiny's ids.
        numbers: Numbers as people see them (``numero``).
    """

    orders: tuple[int, ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class AskedFile:
    """The event of one order that was asked for.

    Attributes:
        pedido: Tiny's id.
        name: Its object in the inbox.
        asked_at: When it was asked for (ISO 8601, UTC).
        number: Its number, when it was asked for by that.
    """

    pedido: int
    name: str
    asked_at: str
    number: int | None = None

    def status(self, state: State, text: str) -> OrderStatus:
        """Return what became of it."""
        asked_as = str(self.pedido) if self.number is None else number_asked(self.number)
        return OrderStatus(asked_as, state, text, self.pedido)


@dataclass(frozen=True)
class OrderStatus:
    """What became of an order that was asked for.

    Attributes:
        asked_as: What the person named: its number, or Tiny's id.
        state: In a word.
        text: What a person reads about it; no personal data.
        pedido: Tiny's id; None when it is not known.
    """

    asked_as: str
    state: State
    text: str
    pedido: int | None = None

    @property
    def line(self) -> str:
        """What a person reads who asked for several orders."""
        return f"{self.asked_as} {self.text}"


def read_asked(params: Mapping[str, Any]) -> AskedOrders:
    """Read what a run is asked for.

    Args:
        params: The run's parameters.

    Raises:
        RequestError: When nothing is asked for, too much, or something that is no id or number.
    """
    asked = AskedOrders(_numbers(params, ORDERS), _numbers(params, NUMBERS))
    count = len(asked.orders) + len(asked.numbers)
    if not count:
        raise RequestError(
            f"{ORDERS} and {NUMBERS} are empty: name at least one order, by Tiny's id or by its number"
        )
    if count > MOST_ORDERS:
        raise RequestError(
            f"{count} orders are asked for, {MOST_ORDERS} at most; for more trigger the daily DAG with their dates"
        )
    return asked


def _numbers(params: Mapping[str, Any], name: str) -> tuple[int, ...]:
    given = params.get(name) or []
    if not isinstance(given, list | tuple):
        raise RequestError(
            f'{name} must be a list, such as ["{_EXAMPLES[name]}"]; found {type(given).__name__}'
        )
    found: dict[int, None] = {}
    for place, part in enumerate(given, 1):
        text = "" if isinstance(part, bool) else str(part).strip()
        if not text and isinstance(part, str):
            continue
        if wrong := _wrong(part, text, _EXAMPLES[name]):
            raise RequestError(f"{name}: entry {place} {wrong}")
        found[int(text)] = None
    return tuple(found)


def _wrong(part: object, text: str, example: str) -> str:
    """Say what is wrong with an entry; nothing when it can be read. The value itself may be personal data.

    Args:
        part: The entry.
        text: What would be read of it.
        example: What it may look like.
    """
    if _is_digits(text):
        if len(text) > _MOST_DIGITS:
            return f"is too long: {len(text)} digits, {_MOST_DIGITS} at most"
        return "" if int(text) else f"must be above 0, such as {example}"
    several = [each for each in _SEPARATORS.split(text) if each] if isinstance(part, str) else []
    if len(several) > 1 and all(map(_is_digits, several)):
        return f"has {len(several)} numbers: write one a line, in JSON one an entry"
    kind = f"text of {counted(len(part), 'character')}" if isinstance(part, str) else type(part).__name__
    return f"must be digits only, such as {example}; found {kind}"


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def find_numbers(hook: Tiny, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Ask Tiny's search for orders by their numbers.

    Args:
        hook: The store's account.
        numbers: Numbers of orders.

    Returns:
        Ids of the orders of each number; none when Tiny lists none. A number may be that of several orders.

    Raises:
        TinyUnavailableError: When Tiny does not answer.
    """
    return {number: list(dict.fromkeys(_of_number(hook, number))) for number in numbers}


def _of_number(hook: Tiny, number: int) -> Iterator[int]:
    parameters = search.number_parameters(number)
    for _, answer in search.number_pages(lambda page: hook.pedidos_pesquisa(parameters, page)):
        for line in search.page_lines(answer):
            pedido = search.order_id(line)
            if pedido and search.order_number(line) == number:
                yield pedido


def number_asked(number: int) -> str:
    """Name an order that was asked for by its number."""
    return f"number {number}"


def unlisted(number: int) -> OrderStatus:
    """Return what became of a number that Tiny's search does not list."""
    text = (
        f"is not in Tiny's search, on its first {search.NUMBER_PAGES} pages: "
        "correct the number, or name the order by Tiny's id"
    )
    return OrderStatus(number_asked(number), State.GONE, text)


def order_statuses(
    files: Iterable[AskedFile], inbox: Objects, api: Objects, known: KnownOrders, store: Store
) -> list[OrderStatus]:
    """Find out what became of orders that were asked for.

    Args:
        files: Their events.
        inbox: The store's inbox.
        api: The store's API bucket.
        known: The store's tables.
        store: The store.
    """
    files = list(files)
    there = {blob.name: int(blob.generation) for blob in inbox.list(names.asked_prefix())}
    waiting = WaitingFiles.from_json(api.read_json(names.waiting_files_object(store.prefix))).files
    rejects = _rejects(files, there, api, store.timezone)
    settled = [file.pedido for file in files if file.name not in there and file.name not in rejects]
    rows = known.of_ids(settled)
    found = []
    for file in files:
        if file.name in there:
            found.append(_in_inbox(file, waiting.get(there[file.name])))
        elif reason := rejects.get(file.name):
            why = f"{reason['field']}: expected {reason['expected']}, found {reason['found']}; {reason['action']}"
            found.append(file.status(State.REJECTED, f"rejected: {why}"))
        else:
            found.append(_in_tables(file, rows.get(file.pedido)))
    return found


def _in_inbox(file: AskedFile, tried: Tried | None) -> OrderStatus:
    since = tried.since.items() if tried else ()
    why = ", ".join(f"{wait} since {moment[:16]} UTC" for wait, moment in since) or "it was not read yet"
    return file.status(State.WAITING, f"waits in the inbox: {why}")


def _in_tables(file: AskedFile, row: KnownOrder | None) -> OrderStatus:
    if row is None:
        # What came by a number is an id of Tiny's.
        hint = ": it may be the order's number" if file.number is None else ""
        unknown = f"Tiny does not know this id, and BigQuery does not either{hint}"
        return file.status(State.GONE, unknown)
    if row.gone:
        return file.status(State.GONE, "Tiny does not know it any more: its row is marked as deleted")
    return file.status(State.LOADED, f"loaded, of {row.day}" if row.day else "loaded")


def _rejects(
    files: Iterable[AskedFile], there: Mapping[str, int], api: Objects, timezone: str
) -> dict[str, dict[str, Any]]:
    """Find the reasons of files that were rejected, by their names in the inbox."""
    wanted = {file.name: file for file in files if file.name not in there}
    # The day of a rejected file is that of the moment at which Cloud Storage says that it came.
    asked = [datetime.fromisoformat(file.asked_at) for file in wanted.values()]
    days = {names.day_of(moment + around, timezone) for moment in asked for around in (-_CLOCKS, _CLOCKS)}
    found: dict[str, dict[str, Any]] = {}
    for day in days:
        for blob in api.list(names.rejected_prefix(day)):
            reason = api.read_json(blob.name) if names.is_reason_object(blob.name) else None
            if reason and reason.get("file") in wanted:
                found[reason["file"]] = reason
    return found
