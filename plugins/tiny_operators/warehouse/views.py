"""The views that reports read: rendered from ``include/sql/views``, described by ``include/schemas/views``."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.events import log_event
from tiny_operators.google_errors import SetupError, explained, on_dataset, on_project
from tiny_operators.stores import PLACEHOLDER_CONTACTS, Store, include_dir
from tiny_operators.warehouse.datasets import keys_table
from tiny_operators.warehouse.sql_files import sql_files

if TYPE_CHECKING:
    from google.cloud import bigquery

log = logging.getLogger(__name__)

# Label with the definition that a view was created from.
_LABEL: Final = "definition"


class ViewError(SetupError):
    """A view cannot be created; the message says which, and what is missing."""


@dataclass(frozen=True)
class ViewColumn:
    """One column of a view.

    Attributes:
        name: Its name.
        type: BigQuery type, such as ``NUMERIC``.
        description: What it holds, for the analyst.
        personal: Whether it is personal data, which only the view in the personal dataset has.
    """

    name: str
    type: str
    description: str
    personal: bool = False


@dataclass(frozen=True)
class View:
    """One view of a store.

    Attributes:
        dataset: Its dataset.
        name: Its name.
        query: Its SELECT statement.
        description: What it shows, for the analyst.
        columns: Its columns, in the order of the query.
        needs: Views that it reads.
    """

    dataset: str
    name: str
    query: str
    description: str
    columns: tuple[ViewColumn, ...]
    needs: tuple[View, ...] = ()

    @property
    def path(self) -> str:
        """Dataset and name."""
        return f"{self.dataset}.{self.name}"

    @property
    def definition(self) -> str:
        """Hash of everything that defines the view, including the views that it reads; fit for a label."""
        parts = [self._statement(""), *(view.definition for view in self.needs)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def statement(self) -> str:
        """Return the statement that creates the view, or replaces it in one step: a report never finds it missing."""
        return self._statement(f', labels = [("{_LABEL}", "{self.definition}")]')

    def _statement(self, labels: str) -> str:
        columns = ",\n".join(
            f"  `{column.name}` OPTIONS (description = {_quoted(column.description)})"
            for column in self.columns
        )
        return (
            f"CREATE OR REPLACE VIEW `{self.path}` (\n{columns}\n)\n"
            f"OPTIONS (description = {_quoted(self.description)}{labels})\nAS\n{self.query}"
        )


def views(store: Store) -> list[View]:
    """Render the views of a store, those first that others read."""
    folder = include_dir() / "schemas" / "views"
    described = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    templates = _Templates(store)
    queries = {name: templates.render(f"views/{name}.sql", personal=False) for name in sorted(described)}
    rendered: dict[str, View] = {}
    for name in TopologicalSorter({name: reads for name, (_, reads) in queries.items()}).static_order():
        query, reads = queries[name]
        needs = tuple(rendered[other] for other in sorted(reads))
        rendered[name] = _view(store.report_dataset, name, query, described[name], needs, personal=False)
    personal = [
        _view(
            store.personal_dataset,
            name,
            templates.render(f"views/{name}.sql", personal=True)[0],
            described[name],
            (),
            personal=True,
        )
        for name in rendered
        if any(column.get("personal") for column in described[name]["columns"])
    ]
    return [*rendered.values(), *personal]


def create_views(client: bigquery.Client, store: Store) -> list[str]:
    """Create the views of a store, and replace those whose definition changed; others are left alone.

    Args:
        client: Client of BigQuery.
        store: The store; its datasets and tables exist.

    Returns:
        What was created or replaced, each with its dataset.

    Raises:
        NoRightError: When BigQuery refuses.
        ViewError: When a table or a view that it reads is missing, or the name is taken by a table.
    """
    datasets = (store.report_dataset, store.personal_dataset)
    needs = [on_dataset(dataset, store.location, "roles/bigquery.dataEditor") for dataset in datasets]
    with explained(f"list the views of {' and '.join(datasets)}", client.project, *needs):
        there = {
            f"{dataset}.{item.table_id}": item.labels.get(_LABEL)
            for dataset in datasets
            for item in client.list_tables(dataset)
        }
    changed = [view for view in views(store) if there.get(view.path) != view.definition]
    for view in changed:
        _create(client, store, view)
    if changed:
        log_event(log, "views_created", store=store.prefix, views=",".join(view.path for view in changed))
    return [view.path for view in changed]


def _create(client: bigquery.Client, store: Store, view: View) -> None:
    from google.api_core.exceptions import BadRequest, NotFound

    needs = (
        on_dataset(view.dataset, store.location, "roles/bigquery.dataEditor"),
        on_dataset(store.dataset, store.location, "roles/bigquery.dataEditor"),
        on_project(client.project, "roles/bigquery.jobUser"),
    )
    try:
        with explained(f"create view {view.path}", client.project, *needs):
            client.query_and_wait(
                view.statement(),
                location=store.location,
            )
    except NotFound as error:
        raise ViewError(
            f"View {view.path} reads something that is missing: {_reason(error)}. Run setup again: it creates the "
            "tables before the views; if this error comes again, the table was deleted meanwhile"
        ) from error
    except BadRequest as error:
        raise ViewError(f"View {view.path} cannot be created: {_reason(error)}") from error


def _reason(error: Any) -> str:
    """Return what BigQuery said, without the address that was asked."""
    return str(error.errors[0].get("message", error.message) if error.errors else error.message)


def _view(
    dataset: str, name: str, query: str, described: dict[str, Any], needs: tuple[View, ...], *, personal: bool
) -> View:
    columns = tuple(ViewColumn(**column) for column in described["columns"])
    shown = tuple(column for column in columns if personal or not column.personal)
    return View(dataset, name, query, described["description"], shown, needs)


class _Templates:
    """Renders the SQL files for one store.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._environment = sql_files()

    def render(self, name: str, *, personal: bool) -> tuple[str, set[str]]:
        """Render a file's statement; return it with the views of the report dataset that it reads."""
        reads: set[str] = set()

        macros = view_macros(self._store)

        def report(view: str) -> str:
            reads.add(view)
            return str(macros["report"](view))

        context = {**macros, "report": report, "personal": personal}
        return self._environment.get_template(name).render(context).strip(), reads


def view_macros(store: Store) -> dict[str, Any]:
    """Return what the SQL of views and checks may use: names of tables and views, and facts of the store as literals.

    Returns:
        ``target(table)``: the table; ``report(view)``: the view of the report dataset; ``keys_table``: the table of the
        store's secret; ``store``, ``timezone``, ``rejects_limit``, ``effective_statuses`` and ``placeholder_contacts``:
        literals, the last two of them lists without brackets.
    """
    return {
        **report_macros(store),
        "target": lambda table: f"{store.dataset}.{table}",
        "keys_table": keys_table(store),
        "store": _quoted(store.prefix),
        "timezone": _quoted(store.timezone),
        "rejects_limit": str(store.rejects_limit),
        "effective_statuses": ", ".join(_quoted(_plain(status)) for status in store.effective_statuses),
        "placeholder_contacts": ", ".join(map(_quoted, _placeholders(store))),
    }


def report_macros(store: Store) -> dict[str, Callable[[str], str]]:
    """Return macros for SQL that reads the views: ``report(view)``, the view of the report dataset."""
    return {"report": lambda view: f"{store.report_dataset}.{view}"}


def _plain(text: str) -> str:
    """Remove accents and capitals from a text: the views' SQL compares it so."""
    letters = unicodedata.normalize("NFD", text.strip().lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _placeholders(store: Store) -> list[str]:
    """List contacts that are no customer, in the forms in which the views' SQL compares them."""
    found = set()
    for contact in (store.cnpj, *PLACEHOLDER_CONTACTS, *store.placeholder_contacts):
        if "@" in contact:
            found.add(contact.strip().lower())
        else:
            plain = re.sub(r"[^0-9A-Z]", "", contact.upper())
            # A telephone without the country's code and leading zeros; a document stays as it is.
            phone = re.fullmatch(r"0*(?:55)?([1-9]{2}[0-9]{8,9})", plain)
            found |= {plain, phone[1]} if phone else {plain}
    return sorted(found)


def _quoted(text: str) -> str:
    """Write a text as a literal of GoogleSQL, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)
