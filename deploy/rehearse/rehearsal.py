"""All steps of a rehearsal, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.bigquery import SchemaField, Table, TimePartitioning

from tiny_operators.google_errors import on_project
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.setup.customer_keys import ensure_key
from tiny_operators.setup.provision import ensure_tables
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import create_views, views

from . import flow
from .ground import BUCKET, PROJECT, choose_bucket, look_around, own_email
from .jobs import try_statement
from .report import Outcome, Result, Said
from .rights import Connect, Right, account_names, rights_of, try_right
from .scratch import Clients, Scratch
from .steps import StepError, Steps, reason_of

DATASETS: Final = "setup: datasets"
OLDER: Final = "setup: a table of an older version"
TABLES: Final = "setup: tables"
KEY: Final = "setup: customers' key"


@dataclass(frozen=True)
class Rehearsal:
    """One rehearsal.

    Attributes:
        store: The store that it is for.
        scratch: Where it writes.
        steps: What runs the steps.
        connect: Gives the clients of an account.
        bucket: The bucket to use; None to choose.
        accounts: E-mails of the accounts to impersonate, by name.
    """

    store: Store
    scratch: Scratch
    steps: Steps
    connect: Connect
    bucket: str | None
    accounts: Mapping[str, str]

    @property
    def clients(self) -> Clients:
        """The services as who rehearses sees them."""
        return self.scratch.clients

    def run(self) -> None:
        """Run all steps but the last, which removes what they made."""
        look_around(self.steps, self.clients, self.store, self.scratch)
        choose_bucket(self.steps, self.clients, self.store, self.scratch, self.bucket)
        self._set_up()
        flow.Flow(self.scratch, self.steps, TABLES).run()
        self._rights()

    def _set_up(self) -> None:
        """Do what ``z316_setup`` does, each step twice: the second time there is nothing to do."""
        steps, store, bigquery = self.steps, self.scratch.store, self.clients.bigquery
        user = on_project(bigquery.project, "roles/bigquery.user")
        steps.run(DATASETS, _twice(self.scratch.make_datasets), user, after=[PROJECT])
        steps.run(OLDER, partial(_older_table, self.clients, store), after=[DATASETS])
        steps.run(TABLES, _twice(partial(ensure_tables, bigquery, store)), after=[DATASETS])
        steps.run(KEY, partial(self._key), after=[DATASETS, BUCKET])
        made = []
        for view in views(store):
            made.append(flow.view_step(view))
            tried = partial(try_statement, bigquery, store, view.statement())
            steps.run(made[-1], tried, user, after=[TABLES, KEY])
        steps.run("setup: views, again", partial(self._views_again), after=made)

    def _key(self) -> str:
        store, bigquery = self.scratch.store, self.clients.bigquery
        if not ensure_key(self.scratch.storage, bigquery, store):
            raise StepError("the key was there already")
        if ensure_key(self.scratch.storage, bigquery, store):
            raise StepError("the key is made a second time")
        return "made, and kept twice"

    def _views_again(self) -> str:
        if changed := create_views(self.clients.bigquery, self.scratch.store):
            raise StepError(f"views that are as they should be are made again: {', '.join(changed)}")
        return "known as they are by their labels"

    def _rights(self) -> None:
        for account in account_names():
            for right in rights_of(account, self.store, self.clients.bigquery.project):
                self.steps.run(f"{account}: {right}", partial(self._right, account, right), after=[PROJECT])

    def _right(self, account: str, right: Right) -> str:
        email = self.accounts.get(account)
        self.scratch.datasets = list(dict.fromkeys([*self.scratch.datasets, self.scratch.trial]))
        if email:
            clients = self.connect(account, email)
            return try_right(right, self.clients, clients, self.store, who=email, scratch=self.scratch.trial)
        own = own_email(self.clients, self.scratch.store.location)
        said = try_right(right, self.clients, self.clients, self.store, who=own, scratch=self.scratch.trial)
        return f"{said}; to try it as the account itself: --impersonate {account}=EMAIL"

    def tidy(self, *, keep: bool) -> None:
        """Remove what was made, each thing for itself; what cannot be removed is named with its command."""
        for name, remove, command in self.scratch.removals():
            if keep:
                self.steps.add(Outcome(f"keep {name}", Result.HELD, Said(f"remove it later by: {command}")))
            else:
                self._remove(name, remove, command)

    def _remove(self, name: str, remove: Callable[[], object], command: str) -> None:
        try:
            remove()
        # Whatever it is: the others are removed all the same.
        except Exception as error:
            reason = reason_of(error) if isinstance(error, GoogleAPICallError) else type(error).__name__
            said = Said(f"not removed: {reason}")
            self.steps.add(Outcome(f"remove {name}", Result.FAILED, said, f"run: {command}"))
        else:
            self.steps.add(Outcome(f"remove {name}", Result.HELD, Said("gone")))


def _twice(make: Callable[[], list[str]]) -> Callable[[], str]:
    """Build a step that creates what is missing, and a second time nothing."""

    def made() -> str:
        first = make()
        if again := make():
            raise StepError(f"made a second time: {', '.join(again)}")
        return f"{len(first)} made, and nothing the second time"

    return made


def _older_table(clients: Clients, store: Store) -> str:
    """Build a table as an older version had it: without its last column, and without the last of its items' fields."""
    fields = schema_fields("pdv")[:-1]
    items = next(field for field in fields if field["name"] == "itens")
    items["fields"] = items["fields"][:-1]
    schema = [SchemaField.from_api_repr(field) for field in fields]
    table = Table(f"{clients.bigquery.project}.{store.dataset}.pdv", schema=schema)
    layout = LAYOUTS["pdv"]
    table.time_partitioning = TimePartitioning(field=layout.partition)
    table.clustering_fields = list(layout.cluster)
    clients.bigquery.create_table(table)
    return "made, for setup to add the columns that it lacks"
