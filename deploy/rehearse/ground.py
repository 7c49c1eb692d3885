"""The first steps: the project, what of the store is there already, and a place for scratch things."""

from __future__ import annotations

from functools import partial
from typing import Any

from google.api_core.exceptions import NotFound

from tiny_operators.google_errors import explained, on_bucket, on_dataset, on_project
from tiny_operators.setup.provision import check_tables
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import datasets_of, see_dataset

from .scratch import Clients, Scratch, creation, find_bucket, need_bucket
from .steps import NotTriedError, Steps

PROJECT = "project"
BUCKET = "scratch bucket"


def look_around(steps: Steps, clients: Clients, store: Store, scratch: Scratch) -> None:
    """See that the project can be used, and what of the store is there."""
    project, location = clients.bigquery.project, scratch.store.location
    steps.run(PROJECT, partial(_project, clients, location), on_project(project, "roles/bigquery.user"))
    for bucket in (store.webhook_bucket, store.api_bucket):
        steps.run(f"bucket {bucket}", partial(_bucket, clients, store, bucket, location))
    for dataset in datasets_of(store):
        name = f"dataset {dataset.name}"
        steps.run(name, partial(_dataset, clients, store, dataset.name, location), after=[PROJECT])
    steps.run(
        f"tables of {store.dataset}", partial(_tables, clients, store), after=[f"dataset {store.dataset}"]
    )


def choose_bucket(steps: Steps, clients: Clients, store: Store, scratch: Scratch, given: str | None) -> None:
    """Find a bucket for scratch files: the one that is given, else the store's, else a new one."""
    location = scratch.store.location
    if given and steps.run(f"--bucket {given}", partial(need_bucket, clients, given, location)):
        scratch.use(given)
    elif steps.held(f"bucket {store.api_bucket}"):
        scratch.use(store.api_bucket)

    def choose() -> str:
        if not scratch.store.api_bucket:
            scratch.make_bucket()
            return f"gs://{scratch.store.api_bucket}, made for this rehearsal"
        return f"gs://{scratch.store.api_bucket}/{scratch.folder}"

    steps.run(BUCKET, choose, on_project(clients.bigquery.project, "roles/storage.admin"))


def own_email(clients: Clients, location: str) -> str:
    """Return who rehearses, as BigQuery knows it."""
    (row,) = clients.bigquery.query_and_wait("SELECT SESSION_USER() AS email", location=location)
    return str(row["email"])


def _project(clients: Clients, location: str) -> str:
    return f"{clients.bigquery.project} runs queries in {location} for {own_email(clients, location)}"


def _bucket(clients: Clients, store: Store, name: str, location: str) -> str:
    if find_bucket(clients, name, location):
        return f"there, in {location}"
    need = on_bucket(name, "roles/storage.objectAdmin")
    raise NotTriedError(
        f"gs://{name} is not there yet: {store.prefix}_setup makes it, where Airflow's account may "
        f"(roles/composer.worker on the project); or make it yourself and give that account {need.role} on it. Run: "
        f"{creation(name, clients.storage.project, location)}; {need.command}"
    )


def _dataset(clients: Clients, store: Store, name: str, location: str) -> str:
    client: Any = clients.bigquery
    if see_dataset(client, name, location):
        return f"there, in {location}"
    with explained(
        f"see dataset {name}", client.project, on_dataset(name, location, "roles/bigquery.dataViewer")
    ):
        try:
            client.get_dataset(name)
        except NotFound as error:
            need = on_project(client.project, "roles/bigquery.user")
            raise NotTriedError(
                f"{name} is not there yet: {store.prefix}_setup makes it, where Airflow's account has {need.role}. "
                f"Run: {need.command}"
            ) from error
    return f"there, in {location}"


def _tables(clients: Clients, store: Store) -> str:
    check_tables(clients.bigquery, store)
    return "all there, with the columns of include/schemas"
