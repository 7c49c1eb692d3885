"""The scratch things of a rehearsal: a store of its own, with datasets and a folder that nobody else uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from google.api_core.exceptions import NotFound

from tiny_operators.google_errors import SetupError, explained, on_bucket
from tiny_operators.lake.buckets import ensure_bucket, see_bucket
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import datasets_of, ensure_datasets

from .folder import FolderClient


@dataclass(frozen=True)
class Clients:
    """The services as one account sees them.

    Attributes:
        storage: Client of Cloud Storage.
        bigquery: Client of BigQuery.
    """

    storage: Any
    bigquery: Any


@dataclass
class Scratch:
    """Where a rehearsal writes.

    Attributes:
        store: A store whose datasets, bucket and names are those of this rehearsal.
        clients: The services.
        made_bucket: Whether the bucket was made for this rehearsal.
        datasets: The datasets that were begun to be made.
    """

    store: Store
    clients: Clients
    made_bucket: bool = False
    datasets: list[str] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """What the names of all its objects begin with."""
        return f"{self.store.prefix}/"

    @property
    def storage(self) -> Any:
        """Client of Cloud Storage that sees the folder only."""
        return FolderClient(self.clients.storage, self.folder)

    @property
    def trial(self) -> str:
        """A dataset that an account makes and removes, when it may."""
        return f"{self.store.prefix}_trial"

    def make_datasets(self) -> list[str]:
        """Make the datasets that are missing; their names."""
        self.datasets = [dataset.name for dataset in datasets_of(self.store)]
        return ensure_datasets(self.clients.bigquery, self.store)

    def use(self, bucket: str) -> None:
        """Write into this bucket."""
        self.store = replace(self.store, webhook_bucket=bucket, api_bucket=bucket)

    def make_bucket(self) -> str:
        """Make a bucket for this rehearsal; its name."""
        name = f"{self.clients.bigquery.project}-{self.store.prefix}".replace("_", "-").replace(":", "-")
        self.made_bucket = ensure_bucket(self.clients.storage, name, self.store.location)
        self.use(name)
        return name

    def removals(self) -> Iterator[tuple[str, Callable[[], object], str]]:
        """List what must be removed: each with what removes it, and the command by which a person does."""
        project, bucket = self.clients.bigquery.project, self.store.api_bucket
        for name in self.datasets:
            remove = partial(
                self.clients.bigquery.delete_dataset, name, delete_contents=True, not_found_ok=True
            )
            yield f"dataset {name}", remove, f"bq rm -r -f -d {project}:{name}"
        if bucket:
            path = f"gs://{bucket}/{self.folder}"
            yield f"folder {path}", self._empty_folder, f"gcloud storage rm -r {path}"
        if self.made_bucket:
            yield f"bucket gs://{bucket}", self._delete_bucket, f"gcloud storage rm -r gs://{bucket}"

    def _empty_folder(self) -> None:
        for blob in self.storage.list_blobs(self.store.api_bucket):
            with suppress(NotFound):
                blob.delete()

    def _delete_bucket(self) -> None:
        with suppress(NotFound):
            self.clients.storage.bucket(self.store.api_bucket).delete()


def scratch_store(store: Store, name: str, location: str) -> Store:
    """Invent a store like another one, which shares nothing with it; its bucket is still to be chosen.

    Args:
        store: The store.
        name: What is to be in each of its names.
        location: Where its datasets are.
    """
    return replace(
        store,
        prefix=name,
        location=location,
        webhook_bucket="",
        api_bucket="",
        dataset=name,
        staging_dataset=f"{name}_staging",
        # By default they are named after the dataset.
        report_dataset="",
        personal_dataset="",
        keys_dataset="",
    )


def find_bucket(clients: Clients, name: str, location: str) -> bool:
    """Return whether a bucket exists, where BigQuery can read it from this location.

    Raises:
        SetupError: When it is elsewhere.
        NoRightError: When it may not be seen.
    """
    if see_bucket(clients.storage, name, location):
        return True
    with explained(
        f"see bucket gs://{name}", clients.storage.project, on_bucket(name, "roles/storage.objectAdmin")
    ):
        try:
            clients.storage.get_bucket(name)
        except NotFound:
            return False
    return True


def need_bucket(clients: Clients, name: str, location: str) -> str:
    """See that a bucket is there; what was seen.

    Raises:
        SetupError: When it is not, or elsewhere.
    """
    if not find_bucket(clients, name, location):
        raise SetupError(
            f"There is no bucket gs://{name}: correct --bucket, or leave it out. Run: "
            f"{creation(name, clients.storage.project, location)}"
        )
    return f"there, in {location}"


def creation(bucket: str, project: str, location: str) -> str:
    """Write the command that creates a bucket, closed to everybody who is not named."""
    return (
        f"gcloud storage buckets create gs://{bucket} --project {project} --location {location} "
        "--uniform-bucket-level-access --public-access-prevention"
    )
