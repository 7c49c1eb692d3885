"""All orders that the search pages of one date list, although rows move while the pages are read.

Tiny's pages have no cursor. When a row vanishes from a page that was read, the rows behind it move up, and the first
one of the next page slips to the page that was read: it is missed. (A row that is added only pushes rows down: they
come twice.) One page alone is one answer, and cannot move. Several pages need a second pass. A row is missed only when
another vanished after its page was read. So when everything that a pass listed is still listed by the next one, nothing
was missed. The passes go in opposite directions, so that no row is at a border of pages in both.

The number of pages that an answer names may be wrong for a moment. A page that is not full is the last one; after a
full one comes another, or Tiny says that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer, Json, Meaning
from tiny_operators.tiny.containers import Records
from tiny_operators.wording import kind_of

DIRECTIONS: Final = ("ASC", "DESC")
_PASSES: Final = 8


class ListingError(Exception):
    """The pages of a date cannot be used; the message says why and what to do."""


class FilterIgnoredError(Exception):
    """Tiny lists orders under dates that have none: it ignores the dates, like any parameter that it does not know."""


class UnansweredError(Exception):
    """Tiny does not answer a search, while it answers other calls."""


@dataclass(frozen=True)
class Page:
    """One search page.

    Attributes:
        answer: Tiny's answer.
        number: Its number, from 1.
        sort: In which direction the pages were read.
        fresh: The orders that no page before listed: each id with its line.
    """

    answer: Answer
    number: int
    sort: str
    fresh: dict[int, Json]


@dataclass
class DateListing:
    """Reads all pages of a date.

    Attributes:
        day: The date.
        read_page: Asks for a page: its number and direction.
        check_filter: Called once, when a line of another date is met: asks Tiny whether it respects the dates at all.
        listed: Ids of all orders that were listed so far.
        page_lines: How many lines a full page has.
        pages_read: How many pages were asked for.
        without_id: What is on the pages and names no order, so that nothing can be read for it.
    """

    day: date
    read_page: Callable[[int, str], Answer]
    check_filter: Callable[[], None]
    page_lines: int = search.PAGE_LINES
    listed: set[int] = field(default_factory=set)
    pages_read: int = 0
    without_id: int = 0
    _filter_checked: bool = False

    def pages(self) -> Iterator[Page]:
        """Yield the pages, until all orders of the date have been listed.

        Raises:
            FilterIgnoredError: When Tiny ignores the dates.
            ListingError: When the search is refused, no order of a page can be read, or the orders move too fast to be
                listed.
            UnansweredError: When a page has no answer. What was yielded before is listed.
        """
        before: set[int] | None = None
        for number in range(_PASSES):
            found: set[int] = set()
            is_one_answer = yield from self._pass(DIRECTIONS[number % 2], found, before)
            if is_one_answer if before is None else before <= found:
                return
            before = found
        raise ListingError(
            f"the search pages of {self.day} kept changing in {_PASSES} passes; try again when fewer orders change"
        )

    def _pass(self, sort: str, found: set[int], before: set[int] | None) -> Generator[Page, None, bool]:
        """Read the pages in one direction; return whether the first page alone is all."""
        number, last, full = 0, 1, False
        while number < last:
            number += 1
            answer = self.read_page(number, sort)
            self.pages_read += 1
            if answer.meaning in {Meaning.NO_ROWS, Meaning.PAST_LAST_PAGE}:
                # Orders vanished while the pages were read, or there are none.
                break
            if answer.meaning is not Meaning.OK:
                raise ListingError(
                    f"Tiny refused the search of {self.day}: {answer.reason} (code {answer.code})"
                )
            # The count may shrink for a moment: the highest one holds, and Tiny says when a page is past the end.
            last = max(last, search.last_page(answer.retorno))
            on_page = search.page_records(answer.retorno)
            lines = self._lines(answer, on_page)
            fresh = {pedido: line for pedido, line in lines.items() if pedido not in self.listed}
            is_new = not found.issuperset(lines)
            found.update(lines)
            self.listed.update(lines)
            yield Page(answer, number, sort, fresh)
            full = len(on_page.found) + len(on_page.unread) >= self.page_lines
            if full and is_new and (before is None or not before <= found):
                last = max(last, number + 1)
        return number == 1 and not full

    def _lines(self, answer: Answer, page: Records) -> dict[int, Json]:
        lines: dict[int, Json] = {}
        self.without_id += len(page.unread)
        for line in page.found:
            pedido = search.order_id(line)
            if search.order_date(line) not in {self.day, None} and not self._filter_checked:
                # Tiny may list an order under the day of its registration: one line alone says nothing.
                self.check_filter()
                self._filter_checked = True
            if pedido is None:
                self.without_id += 1
            else:
                lines[pedido] = line
        if not lines and (page.found or page.unread):
            # It is not a date without orders: Tiny would say that it has none.
            raise ListingError(
                f"the search of {self.day} lists orders, but none of them can be read: expected orders with an id in "
                f"'pedidos', found {kind_of(answer.retorno['pedidos'])}: {len(page.found)} orders without an id and "
                f"{len(page.unread)} values that are no order; look at pedidos.pesquisa of that date"
            )
        return lines
