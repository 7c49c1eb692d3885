"""Everything that a store has of some people, wherever it is: all files of both buckets and all rows of the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from tiny_operators.lake import names
from tiny_operators.lake.forgotten import blank, examine
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import map_in_threads
from tiny_operators.people.asked_people import People, PeopleError, said_of_nobody
from tiny_operators.people.erasing import Eraser
from tiny_operators.people.personal_values import PersonalValues, Who
from tiny_operators.schemas import LOADED
from tiny_operators.warehouse.personal_rows import PersonalRows

INBOX: Final = "inbox"
API: Final = "api"
# Rows that are written back by one job.
_ROWS_AT_ONCE: Final = 500
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Place:
    """A file or a row.

    Attributes:
        kind: ``inbox``, a folder of the API bucket, or a table.
        name: The file, or the row's key.
        bucket: ``inbox`` or ``api``; empty for a row.
    """

    kind: str
    name: str
    bucket: str = ""


@dataclass
class Found:
    """What a search found.

    Attributes:
        people: The people, with their orders and all that leads to them.
        since: When the search began (ISO 8601, UTC), less what clocks may differ.
        files: Names of the files that have something of theirs, by bucket.
        counts: How many files and rows, by kind of place.
    """

    people: People
    since: str = ""
    files: dict[str, list[str]] = field(default_factory=lambda: {INBOX: [], API: []})
    counts: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        about = {"since": self.since, "files": self.files, "counts": dict(self.counts)}
        return {**about, "people": self.people.to_json()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Found:
        """Read what :meth:`to_json` wrote."""
        people, counts = People.from_json(content["people"]), Counter(content["counts"])
        return cls(people, content["since"], content["files"], counts)


@dataclass
class StoredPeople:
    """Looks for people in one store, and blanks them.

    Attributes:
        inbox: The inbox.
        api: The API bucket.
        tables: The tables.
        nobody: Names, documents, e-mails and telephones that stand for no customer.
    """

    inbox: Objects
    api: Objects
    tables: PersonalRows
    nobody: Collection[str]

    def find(self, asked: Iterable[tuple[str, People]]) -> Found:
        """Find people.

        Args:
            asked: Each person, with where they were named.

        Raises:
            PeopleError: When nothing is stored of one of them, or one is not one person.
        """
        named = list(asked)
        since = (datetime.now(UTC) - _CLOCKS_DIFFER).isoformat()
        people = self._identified(named)
        found = Found(people, since)
        met, orders = set[str](), set(people.orders)
        for place, eraser in self.everything(people):
            found.counts[place.kind] += 1
            if place.bucket:
                found.files[place.bucket].append(place.name)
            # Orders without a document, too, that were found by an e-mail or a telephone.
            orders |= eraser.orders
            met.update(eraser.met)
        for where, person in named:
            if met.isdisjoint(person.documents | person.contacts):
                raise PeopleError(f"{where}: {said_of_nobody(person)}")
        found.people = replace(people, orders=frozenset(orders))
        return found

    def everything(self, who: Who) -> Iterator[tuple[Place, Eraser]]:
        """Yield each place that has something of some people, with what it has."""
        for bucket, objects in self._buckets:
            look = partial(_examined, objects, who)
            for blob, eraser in map_in_threads(look, _files(objects, bucket)):
                if eraser.found:
                    yield Place(_kind(bucket, blob.name), blob.name, bucket), eraser
        for table in LOADED:
            for row in self.tables.rows(table):
                eraser = Eraser(who)
                eraser.clean(row)
                if eraser.found:
                    yield Place(table, _row_key(row)), eraser

    def blank_files(self, found: Found) -> int:
        """Blank the files that were found to have something, and those that came since the search.

        Returns:
            How many files were changed.
        """
        since = datetime.fromisoformat(found.since)
        changed = 0
        for bucket, objects in self._buckets:
            newer = (blob.name for blob in _files(objects, bucket) if blob.time_created >= since)
            wanted = dict.fromkeys([*found.files[bucket], *newer])
            changed += sum(map_in_threads(partial(_blanked, objects, found.people), wanted))
        return changed

    def blank_rows(self, people: People, key: str, rows_file: Callable[[str, str], str | None]) -> int:
        """Blank the rows of staging tables and tables.

        Args:
            people: The people.
            key: The run's key.
            rows_file: Returns the file of rows that a run loads for a table; None when it does not exist.

        Returns:
            How many rows of the tables were changed.
        """
        # First: a merge after this has nothing of theirs to bring. Their files of rows are blank by now.
        for table, run in list(self.tables.staging_tables()):
            if any(_cleaned(row, people) is not None for row in self.tables.staged_rows(table, run)):
                self.tables.stage_again(table, run, rows_file(table, run))
        changed = 0
        for table in LOADED:
            batch: list[dict[str, Any]] = []
            for row in self.tables.rows(table):
                if (cleaned := _cleaned(row, people)) is not None:
                    batch.append(cleaned)
            for start in range(0, len(batch), _ROWS_AT_ONCE):
                self.tables.replace(table, batch[start : start + _ROWS_AT_ONCE], key)
            changed += len(batch)
        return changed

    def _identified(self, named: list[tuple[str, People]]) -> People:
        """Find the orders of these people, and what leads to them; a contact's document is theirs, too."""
        people = People()
        for _, person in named:
            people |= person
        while True:
            orders, values, met = set[int](), PersonalValues(), dict[str, set[str]]()
            for _, eraser in self.everything(people):
                orders |= eraser.orders
                values |= eraser.values
                for one, documents in eraser.met.items():
                    met.setdefault(one, set()).update(documents)
            for where, person in named:
                beside = {document for contact in person.contacts for document in met.get(contact, ())}
                if len(beside) > 1:
                    raise PeopleError(
                        f"{where}: orders of this contact have {len(beside)} documents: name the person by CPF or CNPJ"
                    )
            documents = {document for contact in people.contacts for document in met.get(contact, ())}
            if documents <= people.documents:
                theirs = values.without(self.nobody)
                known = PersonalValues(documents=people.documents)
                only = replace(theirs, documents=theirs.documents & people.documents) | known
                return replace(people, orders=frozenset(orders), values=only)
            people = replace(people, documents=people.documents | documents)

    @property
    def _buckets(self) -> tuple[tuple[str, Objects], tuple[str, Objects]]:
        return ((INBOX, self.inbox), (API, self.api))


def _files(objects: Objects, bucket: str) -> Iterator[Any]:
    return (blob for blob in objects.list() if bucket == INBOX or names.may_hold_people(blob.name))


def _kind(bucket: str, name: str) -> str:
    return INBOX if bucket == INBOX else names.place_of(name)


def _examined(objects: Objects, who: Who, blob: Any) -> tuple[Any, Eraser]:
    return blob, examine(objects, blob, who)


def _blanked(objects: Objects, who: Who, name: str) -> bool:
    return blank(objects, name, who)


def _cleaned(row: dict[str, Any], who: Who) -> dict[str, Any] | None:
    """Return a row without what belongs to these people; None when it has nothing of theirs."""
    cleaned: dict[str, Any] = Eraser(who).clean(row)
    return cleaned if cleaned != row else None


def _row_key(row: Mapping[str, Any]) -> str:
    return "/".join(str(row[name]) for name in ("pedido_id", "id") if row.get(name) is not None)
