"""A person in what is stored: where their values are, byte for byte, and the runs that answer a request of theirs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from local.demo.parts import Warehouse
from tests.component.whole_runs import WholeRun
from tiny_operators.schemas import LAYOUTS, LOADED


@dataclass(frozen=True)
class Person:
    """An invented customer, as Tiny answers about them."""

    nome: str
    documento: str
    celular: str
    email: str

    @classmethod
    def of(cls, order: dict[str, Any]) -> Person:
        contact = order["contato"]
        return cls(contact["nome"], contact["cpfCnpj"], contact["celular"], contact["email"])

    @property
    def digits(self) -> str:
        return "".join(filter(str.isdigit, self.documento))

    @property
    def needles(self) -> list[str]:
        phone = "".join(filter(str.isdigit, self.celular))
        return [
            text for text in (self.nome, self.documento, self.digits, self.celular, phone, self.email) if text
        ]

    @property
    def note(self) -> str:
        """A sentence that has all of it, in forms that are not Tiny's own."""
        return f"retira: {self.nome.upper()} (CPF {self.digits}), +55 {self.celular}, {self.email}"


def upload(warehouse: Warehouse, bucket: str, name: str, content: str | bytes) -> None:
    warehouse.storage_client().bucket(bucket).blob(name).upload_from_string(content)


def asked(warehouse: Warehouse, what: str, *lines: str) -> str:
    """Leave a request; its name."""
    name = f"people/{what}/request.txt"
    upload(warehouse, warehouse.api_bucket, name, "\n".join(lines) + "\n")
    return name


def finished(dag: Any, conf: dict[str, Any] | None = None) -> WholeRun:
    run = WholeRun(dag, conf or {})
    run.finish()
    return run


def places(warehouse: Warehouse, *people: Person) -> set[str]:
    """Every file and row that has one of their values, as bytes, unpacked or unquoted."""
    needles = [needle.casefold() for person in people for needle in person.needles]
    return {
        place
        for place, content in _contents(warehouse)
        if any(needle in form for form in _forms(content) for needle in needles)
    }


def _contents(warehouse: Warehouse) -> Iterator[tuple[str, bytes]]:
    for bucket in (warehouse.webhook_bucket, warehouse.api_bucket):
        for blob in warehouse.storage_client().list_blobs(bucket):
            yield f"{bucket}/{blob.name}", blob.download_as_bytes(raw_download=True)
    client = warehouse.bigquery_client()
    tables = [f"{warehouse.dataset}.{table}" for table in LAYOUTS]
    staging = f"{warehouse.dataset}_staging"
    tables += [
        f"{staging}.{item.table_id}"
        for item in client.list_tables(staging)
        if item.table_id.startswith(tuple(f"{table}_" for table in (*LOADED, "esquecimentos")))
    ]
    for table in tables:
        for row in client.list_rows(f"{warehouse.project}.{table}"):
            found = dict(row)
            text = json.dumps(found, ensure_ascii=False, default=str)
            yield f"{table}/{found.get('pedido_id') or ''}{found.get('id', '')}", text.encode()


def _forms(content: bytes) -> Iterator[str]:
    plain = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    for encoding in ("utf-8", "latin-1"):
        text = plain.decode(encoding, "replace")
        yield text.casefold()
        yield unquote_plus(text).casefold()
        yield text.encode().decode("unicode_escape", "replace").casefold()
