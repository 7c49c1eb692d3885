"""What a store needs in Google Cloud: setup looks first, and creates what is missing.

What exists is left as it is, except that tables get columns that they lack, and views the right to read their
datasets. So setup needs no right to create what somebody else created before.

Each table has a label with the definition that it was brought to. So one list of tables shows a run which of them are
older than the schema files that the run was deployed with.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.events import log_event
from tiny_operators.google_errors import Need, SetupError, explained, on_dataset
from tiny_operators.lake.buckets import Rule, ensure_bucket, ensure_expiry, expiry_rules, open_bucket
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.setup.customer_keys import ensure_key
from tiny_operators.stores import Store, dag_kinds
from tiny_operators.warehouse.datasets import KEYS_TABLE, ensure_datasets, open_datasets
from tiny_operators.warehouse.schema_update import SchemaUpdate, compare, tagged

if TYPE_CHECKING:
    from google.cloud import bigquery, storage

log = logging.getLogger(__name__)

_LABEL: Final = "definition"


class NotSetUpError(SetupError):
    """The tables are not those of the schema files; the message says which, and what to run."""


def create_missing(store: Store, storage: storage.Client, bigquery: bigquery.Client) -> dict[str, list[str]]:
    """Create what a store needs and does not exist yet; a second call writes nothing.

    Returns:
        Names of what was created, by kind.

    Raises:
        NoRightError: When a right is missing.
        SetupError: When a person must fix something else.
        BusyError: When a quota or a rate is used up.
    """
    rules = expiry_rules(store, dag_kinds())
    # What lies in the inbox waits, so nothing in it expires.
    buckets: dict[str, list[Rule]] = {store.webhook_bucket: [], store.api_bucket: rules}
    created = {
        "buckets": [
            name for name, own in buckets.items() if ensure_bucket(storage, name, store.location, own)
        ],
        "datasets": ensure_datasets(bigquery, store),
        "tables": ensure_tables(bigquery, store),
    }
    ensure_expiry(storage, store.api_bucket, rules)
    if ensure_key(storage, bigquery, store):
        created["tables"].append(KEYS_TABLE)
    return created


def open_to_others(store: Store, storage: storage.Client, bigquery: bigquery.Client) -> list[str]:
    """List who may read the store's data without having been named, by a basic role on the project or as anybody.

    Returns:
        One line each, with the command that ends it.
    """
    buckets = (store.webhook_bucket, store.api_bucket)
    return [line for name in buckets for line in open_bucket(storage, name)] + open_datasets(bigquery, store)


def definition(name: str) -> str:
    """Hash the columns that a table's schema file asks for; fit for a label."""
    text = json.dumps([_shape(field) for field in schema_fields(name)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _shape(field: dict[str, Any]) -> list[Any]:
    """Return what matters of a column to the rows that are loaded; descriptions do not."""
    inner = [_shape(other) for other in field.get("fields", ())]
    return [field["name"], field["type"], field.get("mode", "NULLABLE"), inner]


def check_tables(client: bigquery.Client, store: Store) -> None:
    """Check, by one request, that all tables exist and have the columns of their schema files.

    Raises:
        NotSetUpError: When they do not.
    """
    from google.api_core.exceptions import NotFound

    setup = f"run the DAG {store.prefix}_setup, then clear this task"
    need = on_dataset(store.dataset, store.location, "roles/bigquery.dataViewer")
    try:
        with explained(f"list the tables of {store.dataset}", client.project, need):
            there = {table.table_id: table.labels.get(_LABEL) for table in client.list_tables(store.dataset)}
    except NotFound as error:
        raise NotSetUpError(f"Dataset {store.dataset} is missing: {setup}") from error
    missing = [name for name in LAYOUTS if name not in there]
    older = [name for name in LAYOUTS if name in there and there[name] != definition(name)]
    if missing or older:
        differences = [f"missing in {store.dataset}: {', '.join(missing)}"] if missing else []
        if older:
            differences.append(f"not as include/schemas says in {store.dataset}: {', '.join(older)}")
        raise NotSetUpError(f"Tables {'; '.join(differences)}. Nothing was read; {setup}")


def ensure_tables(client: bigquery.Client, store: Store) -> list[str]:
    """Create the tables that are missing, and add the columns that others lack; return the names of the created ones.

    Raises:
        NoRightError: When a right is missing.
        SetupError: When a table has what BigQuery cannot change. What can be added to it, and to the others, was added.
    """
    from google.api_core.exceptions import Conflict, NotFound

    created_tables, problems = [], []
    for name in LAYOUTS:
        wanted = _wanted(client.project, store, name)
        with explained(f"see and create table {store.dataset}.{name}", client.project, _need(store)):
            try:
                there = client.get_table(wanted.reference)
            except NotFound:
                try:
                    client.create_table(wanted)
                except Conflict:
                    # Another setup created it meanwhile.
                    there = client.get_table(wanted.reference)
                else:
                    created_tables.append(name)
                    continue
        problems += [f"{name}.{problem}" for problem in _grow(client, store, there, wanted)]
    if problems:
        raise SetupError(
            f"Tables of {store.dataset} that cannot become what include/schemas says ({len(problems)}): "
            + " | ".join(problems)
        )
    return created_tables


def _need(store: Store) -> Need:
    return on_dataset(store.dataset, store.location, "roles/bigquery.dataOwner")


def _wanted(project: str, store: Store, name: str) -> bigquery.Table:
    from google.cloud.bigquery import SchemaField, Table, TimePartitioning

    layout = LAYOUTS[name]
    table = Table(
        f"{project}.{store.dataset}.{name}",
        schema=[
            SchemaField.from_api_repr(field) for field in tagged(name, schema_fields(name), store.policy_tag)
        ],
    )
    table.time_partitioning = TimePartitioning(field=layout.partition)
    table.clustering_fields = list(layout.cluster)
    table.description = layout.description
    table.labels = {_LABEL: definition(name)}
    return table


def _grow(client: bigquery.Client, store: Store, there: bigquery.Table, wanted: bigquery.Table) -> list[str]:
    """Give a table what it lacks; return what cannot be changed."""
    from google.cloud.bigquery import SchemaField

    columns = [field.to_api_repr() for field in there.schema]
    update = compare(columns, schema_fields(wanted.table_id))
    fits = not update.problems
    changed = []
    fields = tagged(wanted.table_id, update.fields if update.changes else columns, store.policy_tag)
    if fields != columns:
        there.schema = [SchemaField.from_api_repr(field) for field in fields]
        changed.append("schema")
    if fits and there.labels.get(_LABEL) != wanted.labels[_LABEL]:
        there.labels = {**there.labels, **wanted.labels}
        changed.append("labels")
    if changed:
        with explained(f"change table {store.dataset}.{there.table_id}", client.project, _need(store)):
            # With the etag that was read: what somebody else changed meanwhile is not undone.
            client.update_table(there, changed)
        _log_update(there.table_id, update)
    return update.problems


def _log_update(table: str, update: SchemaUpdate) -> None:
    for event, columns in (
        ("columns_added", update.added),
        ("columns_relaxed", update.relaxed),
        # BigQuery adds no REQUIRED column to a table that exists; the load jobs still require it of new rows.
        ("columns_nullable", update.weaker),
    ):
        if columns:
            log_event(log, event, table=table, columns=",".join(columns))
