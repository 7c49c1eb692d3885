"""The datasets of a store: setup looks at them first, and creates the missing ones with an explicit access list."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.events import log_event
from tiny_operators.google_errors import NoRightError, SetupError, explained, on_dataset, on_project
from tiny_operators.stores import Store

if TYPE_CHECKING:
    from google.cloud.bigquery import AccessEntry, Client, Dataset

log = logging.getLogger(__name__)

KEYS_TABLE: Final = "segredo"
_STAGING_EXPIRES_MS: Final = 24 * 60 * 60 * 1000
# Who may read a dataset that was created without an access list, by a basic role on the project
# (https://cloud.google.com/bigquery/docs/access-control-basic-roles).
_OPEN_GROUPS: Final = frozenset({"projectReaders", "projectWriters", "allAuthenticatedUsers"})


@dataclass(frozen=True)
class Wanted:
    """A dataset that a store needs.

    Attributes:
        name: Its name.
        expires_ms: Life of its tables, in milliseconds; None for no end.
        read_by: Datasets whose views may read it, so that a reader of a view needs no right on it.
    """

    name: str
    expires_ms: int | None = None
    read_by: tuple[str, ...] = ()


def keys_table(store: Store) -> str:
    """Return dataset and name of the table with the store's secret."""
    return f"{store.keys_dataset}.{KEYS_TABLE}"


def datasets_of(store: Store) -> list[Wanted]:
    """List the datasets of a store, those first that others name."""
    views = (store.report_dataset, store.personal_dataset)
    return [
        *(Wanted(name) for name in views),
        Wanted(store.staging_dataset, _STAGING_EXPIRES_MS),
        Wanted(store.dataset, read_by=views),
        Wanted(store.keys_dataset, read_by=views),
    ]


def ensure_datasets(client: Client, store: Store) -> list[str]:
    """Look for the datasets of a store, and create those that are missing; return the names of those.

    Raises:
        NoRightError: When one may neither be seen nor created.
        SetupError: When one is in another location.
    """
    created_names = []
    for wanted in datasets_of(store):
        there = see_dataset(client, wanted.name, store.location)
        if there is None:
            _create(client, store, wanted)
            created_names.append(wanted.name)
            continue
        _let_views_read(client, there, store, wanted)
    return created_names


def open_datasets(client: Client, store: Store) -> list[str]:
    """List who may read a dataset without having been named: one line each, with the command that ends it."""
    found = []
    for wanted in datasets_of(store):
        dataset = client.get_dataset(wanted.name)
        path = f"{client.project}:{wanted.name}"
        found += [
            f"{path}: {entry.entity_id} has {entry.role or 'a right'}. Run: bq show --format=prettyjson {path} > "
            f'{wanted.name}.json; delete the entry of {entry.entity_id} below "access" in that file; '
            f"bq update --source {wanted.name}.json {path}"
            for entry in dataset.access_entries
            if _is_open(entry)
        ]
    return found


def _is_open(entry: AccessEntry) -> bool:
    if entry.entity_type == "specialGroup":
        return entry.entity_id in _OPEN_GROUPS
    return entry.entity_type == "iamMember" and entry.entity_id == "allUsers"


def see_dataset(client: Client, name: str, location: str) -> Dataset | None:
    """Look for a dataset; return None when it does not exist, or may not be seen.

    Raises:
        SetupError: When it is in another location.
    """
    there = _look(client, name)
    if there and there.location and there.location.casefold() != location.casefold():
        raise SetupError(
            f"Dataset {name} is in {there.location}, include/stores.yaml says {location}: correct location "
            "there, or choose another name: a dataset cannot be moved"
        )
    return there


def _look(client: Client, name: str) -> Dataset | None:
    """Return the dataset; None when it does not exist, or may not be seen."""
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        # Another project, or an API or billing that is off: the attempt to create the dataset reports it.
        return client.get_dataset(name)
    except NotFound:
        return None
    except Forbidden as error:
        log_event(log, "dataset_not_seen", dataset=name, error=type(error).__name__)
        return None


def _create(client: Client, store: Store, wanted: Wanted) -> None:
    from google.api_core.exceptions import Conflict
    from google.cloud.bigquery import AccessEntry, Dataset

    dataset = Dataset(f"{client.project}.{wanted.name}")
    dataset.location = store.location
    dataset.default_table_expiration_ms = wanted.expires_ms
    with explained(
        f"create dataset {wanted.name}", client.project, on_project(client.project, "roles/bigquery.user")
    ):
        dataset.access_entries = [
            AccessEntry("OWNER", "specialGroup", "projectOwners"),
            # A dataset with an access list of its own does not belong to its creator, unless the list says so.
            AccessEntry("OWNER", "userByEmail", _own_email(client, store)),
            *_views_entries(client.project, wanted.read_by),
        ]
        try:
            client.create_dataset(dataset)
        except Conflict as error:
            if _look(client, wanted.name) is not None:
                # Another setup created it meanwhile.
                return
            need = on_dataset(wanted.name, store.location, "roles/bigquery.dataOwner")
            raise NoRightError(
                f"Dataset {wanted.name} exists but may not be seen: give Airflow's service account the role "
                f"{need.role} on it, then run setup again. Run: {need.command}"
            ) from error


def _own_email(client: Client, store: Store) -> str:
    """Return who asks, as BigQuery knows it: credentials do not always say."""
    (row,) = client.query_and_wait("SELECT SESSION_USER() AS email", location=store.location)
    return str(row["email"])


def _let_views_read(client: Client, dataset: Dataset, store: Store, wanted: Wanted) -> None:
    """Let the views read a dataset that was created before, or by somebody else."""
    let = {
        (entry.entity_id["dataset"]["projectId"], entry.entity_id["dataset"]["datasetId"])
        for entry in dataset.access_entries
        if entry.entity_type == "dataset"
    }
    missing = [name for name in wanted.read_by if (client.project, name) not in let]
    if not missing:
        return
    need = on_dataset(wanted.name, store.location, "roles/bigquery.dataOwner")
    with explained(f"let the views of {' and '.join(missing)} read {wanted.name}", client.project, need):
        dataset.access_entries = [*dataset.access_entries, *_views_entries(client.project, missing)]
        client.update_dataset(dataset, ["access_entries"])


def _views_entries(project: str, names: Sequence[str]) -> list[Any]:
    from google.cloud.bigquery import AccessEntry

    return [
        AccessEntry.from_api_repr({
            "dataset": {"dataset": {"projectId": project, "datasetId": name}, "targetTypes": ["VIEWS"]}
        })
        for name in names
    ]
