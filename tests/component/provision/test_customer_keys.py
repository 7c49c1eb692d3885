"""The key of the pseudonyms: apart from the tables, kept twice, never lost."""

from __future__ import annotations

import base64
import json

import pytest

from tests.component.provision.stores import Clients, own
from tiny_operators.google_errors import SetupError
from tiny_operators.lake import names
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import keys_table

pytestmark = pytest.mark.stack


def key_of(clients: Clients, path: str) -> list[bytes]:
    return [row["chave"] for row in clients[1].query_and_wait(f"SELECT chave FROM `{path}`")]


def kept(clients: Clients, store: Store) -> bytes:
    blob = clients[0].bucket(store.api_bucket).blob(names.customer_key_object(store.prefix))
    return base64.b64decode(json.loads(blob.download_as_bytes())["chave"])


def test_the_key_is_apart_from_the_tables_and_kept_twice(store: Store, clients: Clients) -> None:
    other = own(store, "keyed")
    assert "segredo" in create_missing(other, *clients)["tables"]
    (key,) = key_of(clients, keys_table(other))
    assert len(key) == 64
    assert kept(clients, other) == key
    assert "segredo" not in {table.table_id for table in clients[1].list_tables(other.dataset)}
    assert key_of(clients, keys_table(store)) != [key], "each store has its own"


def test_the_key_survives_the_loss_of_the_datasets_and_of_the_object(store: Store, clients: Clients) -> None:
    other = own(store, "lost")
    create_missing(other, *clients)
    (key,) = key_of(clients, keys_table(other))
    for dataset in (other.keys_dataset, other.dataset, other.report_dataset, other.personal_dataset):
        clients[1].delete_dataset(dataset, delete_contents=True)
    create_missing(other, *clients)
    assert key_of(clients, keys_table(other)) == [key]
    clients[0].bucket(other.api_bucket).blob(names.customer_key_object(other.prefix)).delete()
    create_missing(other, *clients)
    assert kept(clients, other) == key
    assert key_of(clients, keys_table(other)) == [key]


def test_an_object_that_holds_no_key_is_told(store: Store, clients: Clients) -> None:
    other = own(store, "damaged")
    create_missing(other, *clients)
    blob = clients[0].bucket(other.api_bucket).blob(names.customer_key_object(other.prefix))
    for content in ("{}", '{"chave": "AAAA"}', '{"chave": 3}', '{"chave": "?"}', "[]"):
        blob.upload_from_string(content)
        with pytest.raises(
            SetupError, match=r"gs://damaged-api/keys/z316\.json holds no secret: field 'chave'"
        ):
            create_missing(other, *clients)


def test_two_keys_that_differ_are_told_and_neither_is_lost(store: Store, clients: Clients) -> None:
    other = own(store, "differ")
    create_missing(other, *clients)
    before = key_of(clients, keys_table(other))
    blob = clients[0].bucket(other.api_bucket).blob(names.customer_key_object(other.prefix))
    another = {"store": "z316", "chave": base64.b64encode(bytes(64)).decode()}
    blob.upload_from_string(json.dumps(another))
    with pytest.raises(SetupError, match=r"is not that of gs://differ-api/keys/z316\.json") as caught:
        create_missing(other, *clients)
    assert another["chave"] not in str(caught.value)
    assert (key_of(clients, keys_table(other)), kept(clients, other)) == (before, bytes(64))
