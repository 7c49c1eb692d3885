"""The steps that answer a request of a person: find, blank, record; and show.

A request is a file that an operator uploads, and that the run deletes. So no person is named in the run's
configuration, in XCom, in a log or in Airflow's database.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from tiny_operators._compat import AirflowFailException, Context
from tiny_operators.batches.stored_people import Found, StoredPeople
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.forgotten import forget_people
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.base import StoreOperator
from tiny_operators.people.asked_people import People, PeopleError, read_people
from tiny_operators.people.stored_texts import as_json
from tiny_operators.stores import PLACEHOLDER_CONTACTS, Store
from tiny_operators.warehouse.personal_rows import PersonalRows

log = logging.getLogger(__name__)

FORGET = "forget"
SHOW = "show"


class PeopleOperator(StoreOperator):
    """Base of these steps."""

    def stored(self) -> StoredPeople:
        """Return everything that the store has."""
        inbox, api = self.objects(self.store.webhook_bucket), self.objects(self.store.api_bucket)
        return StoredPeople(inbox, api, PersonalRows(self.bigquery(), self.store), _nobody(self.store))

    def asked(self, api: Objects, what: str) -> tuple[list[tuple[str, People]], list[tuple[str, int]]]:
        """Read the requests that wait.

        Returns:
            Each person, with where they were named; and the files, with their generations.

        Raises:
            AirflowFailException: When there is none, or one is wrong.
        """
        prefix = names.people_request_prefix(what)
        people: list[tuple[str, People]] = []
        files: list[tuple[str, int]] = []
        for blob in api.list(prefix):
            content = api.read(blob.name, blob.generation)
            if content is None or blob.name == prefix:
                continue
            try:
                people += read_people(content, blob.name, _nobody(self.store))
            except PeopleError as error:
                raise AirflowFailException(_to_correct(error)) from error
            files.append((blob.name, int(blob.generation)))
        if not people:
            raise AirflowFailException(
                f"No request in gs://{self.store.api_bucket}/{prefix}: upload one, then trigger this DAG again"
            )
        return people, files

    def found(self, api: Objects, key: str) -> tuple[Found, dict[str, Any]] | None:
        """Read what the first step found; None when the run is over."""
        content = api.read_json(names.found_people_object(key))
        return None if content is None else (Found.from_json(content["found"]), content)


class FindPeopleOperator(PeopleOperator):
    """Finds all that is stored of the people who are to be forgotten; changes nothing.

    It is found once: a later try, and the steps after it, go on with the same.

    Returns:
        Counts: ``people``, ``orders``, and files and rows by kind of place.

    Raises:
        AirflowFailException: When no request waits, one is wrong, or nothing is stored of a person.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Find the people."""
        self.check_setup()
        key, api = self.start(context)
        there = self.found(api, key)
        if there is None:
            asked, files = self.asked(api, FORGET)
            try:
                found = self.stored().find(asked)
            except PeopleError as error:
                raise AirflowFailException(_to_correct(error)) from error
            content: dict[str, Any] = {"found": found.to_json(), "asked": files, "people": len(asked)}
            api.create_json(names.found_people_object(key), content)
            there = found, content
        found, content = there
        counts = {"people": int(content["people"]), "orders": len(found.people.orders), **found.counts}
        log_event(log, "people_found", store=self.store.prefix, run=key, **counts)
        return counts


class BlankFilesOperator(PeopleOperator):
    """Notes who is forgotten, so that nothing brings them back, and blanks their files.

    Returns:
        ``files``: how many were changed by this try.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Blank the files."""
        key, api = self.start(context)
        there = self.found(api, key)
        if there is None:
            return {"files": 0}
        found, _ = there
        # First: what is written from now on is blanked by whoever writes it.
        today = datetime.fromisoformat(names.day_of(datetime.now(UTC), self.store.timezone)).date()
        forget_people(api, self.store.prefix, found.people, today)
        changed = self.stored().blank_files(found)
        log_event(log, "files_blanked", store=self.store.prefix, run=key, files=changed)
        return {"files": changed}


class BlankRowsOperator(PeopleOperator):
    """Blanks the rows of the tables. It runs in the pool of merges: no merge brings back meanwhile what it blanks.

    Returns:
        ``rows``: how many were changed by this try.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Blank the rows."""
        key, api = self.start(context)
        there = self.found(api, key)
        if there is None:
            return {"rows": 0}

        def rows_file(table: str, run: str) -> str | None:
            name = names.rows_object(table, run)
            return f"gs://{self.store.api_bucket}/{name}" if api.exists(name) else None

        changed = self.stored().blank_rows(there[0].people, key, rows_file)
        log_event(log, "rows_blanked", store=self.store.prefix, run=key, rows=changed)
        return {"rows": changed}


class RecordForgottenOperator(PeopleOperator):
    """Records the counts in table ``esquecimentos``, and deletes the request and what was found.

    Returns:
        Counts as :class:`FindPeopleOperator`; empty when an earlier try has done all.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Record the counts."""
        key, api = self.start(context)
        there = self.found(api, key)
        if there is None:
            return {}
        found, content = there
        totals = {"people": int(content["people"]), "orders": len(found.people.orders)}
        row = {
            "store": self.store.prefix,
            "run": key,
            "forgotten_at": datetime.now(UTC).isoformat(),
            **totals,
        }
        rows = [{**row, "place": place, "found": count} for place, count in sorted(found.counts.items())]
        PersonalRows(self.bigquery(), self.store).record(rows, key)
        for name, generation in content["asked"]:
            api.delete(name, generation)
        # Last: until then a later try knows that there is something left to do.
        api.delete(names.found_people_object(key))
        log_event(log, "people_forgotten", store=self.store.prefix, run=key, people=totals["people"])
        return {**totals, **found.counts}


class ShowPeopleOperator(PeopleOperator):
    """Writes all that is stored of each person of a request to an object of their own, which expires.

    Returns:
        Name of the object with each person, by where they were named.

    Raises:
        AirflowFailException: When no request waits, one is wrong, or nothing is stored of a person.
    """

    def execute(self, context: Context) -> dict[str, str]:
        """Write the objects."""
        key, api = self.start(context)
        asked, files = self.asked(api, SHOW)
        stored, shown = self.stored(), dict[str, str]()
        for number, (where, person) in enumerate(asked, 1):
            target = names.shown_person_object(key, number)
            try:
                people = stored.find([(where, person)]).people
            except PeopleError as error:
                raise AirflowFailException(_to_correct(error)) from error
            places = [
                {"place": place.kind, "name": place.name, "field": path, "stored": as_json(value)}
                for place, eraser in stored.everything(people)
                for path, value in eraser.found
            ]
            api.write_json(target, {"orders": sorted(people.orders), "stored": places})
            shown[where] = f"gs://{self.store.api_bucket}/{target}"
            log_event(
                log, "person_shown", store=self.store.prefix, run=key, object=target, places=len(places)
            )
        for name, generation in files:
            api.delete(name, generation)
        return shown


def _to_correct(error: PeopleError) -> str:
    """Say what is wrong with a request, and what to do: a task that is cleared reads the requests anew."""
    return (
        f"{error}. Nothing was changed: upload the corrected file under the same name, then clear this task"
    )


def _nobody(store: Store) -> tuple[str, ...]:
    """List what stands for no customer."""
    return (store.cnpj, store.name, *PLACEHOLDER_CONTACTS, *store.placeholder_contacts)
