"""Events in every envelope in which a receiver of Tiny's webhooks may find them, made from a seed."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

Json = dict[str, Any]

CNPJ = "11222333000181"
# utf-16 and utf-32 begin with a byte order mark, the others of that family do not.
ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "latin-1", "cp1252"
)  # fmt: skip
BOUNDARY = "----a1B2c3-boundary"


@dataclass(frozen=True)
class Body:
    """What somebody posts or uploads.

    Attributes:
        content: The bytes.
        content_type: What the sender says of them; empty, or wrong, now and then.
        how: What was done, for a test that fails.
    """

    content: bytes
    content_type: str
    how: str


def event(rng: Random, pedido: int, tipo: str = "inclusao_pedido") -> Json:
    """An event of an order, spelled in one of the ways in which they come."""
    spelled = rng.choice([tipo, tipo.capitalize(), tipo.upper(), f" {tipo} ", f"{tipo}\n"])
    order_id = rng.choice([str(pedido), pedido, f" {pedido} ", f"00{pedido}", f"{pedido}\t"])
    dados = {
        "id": order_id,
        "numero": "30111",
        "data": "05/11/2026",
        "cliente": {"nome": rng.choice(["Ficção & Filhos", 'a "b" = c', "tab\there", "", "Ação"])},
    }
    cnpj = rng.choice([CNPJ, int(CNPJ), "11.222.333/0001-81", f" {CNPJ}"])
    made = {"versao": rng.choice(["1.0.1", 1]), "cnpj": cnpj, "tipo": spelled, "dados": dados}
    if rng.random() < 0.2:
        del made["versao"]
    if rng.random() < 0.2:
        made["dados"] = rng.choice([[dados], json.dumps(dados), json.dumps(json.dumps(dados))])
    return made


def text(rng: Random, value: object) -> str:
    """JSON, compact or not, with escapes or without, with raw tabs now and then."""
    made = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, 1]))
    return re.sub(r"(?<!\\)\\t", "\t", made) if rng.random() < 0.3 else made


def _one_or_list(rng: Random, events: list[Json]) -> object:
    return events[0] if len(events) == 1 and rng.random() < 0.6 else events


def _json(rng: Random, events: list[Json]) -> str:
    return text(rng, _one_or_list(rng, events))


def _lines(rng: Random, events: list[Json]) -> str:
    between = rng.choice(["\n", "\r\n", "\n\n", " "])
    return between.join(text(rng, one) for one in events) + rng.choice(["", "\n"])


def _wrapped(rng: Random, events: list[Json]) -> str:
    inner = _one_or_list(rng, events)
    return text(rng, {rng.choice(["payload", "Body", "0"]): rng.choice([inner, json.dumps(inner)])})


def _as_text(rng: Random, events: list[Json]) -> str:
    return json.dumps(text(rng, _one_or_list(rng, events)))


def _field(rng: Random, events: list[Json]) -> str:
    fields = {rng.choice(["dados", "data", "payload", "x"]): _json(rng, events)}
    return urlencode({"token": "abc", **fields} if rng.random() < 0.3 else fields)


def _name(rng: Random, events: list[Json]) -> str:
    return quote(_json(rng, events)) + "="


def _fields(rng: Random, events: list[Json]) -> str:
    (one,) = events
    dados = one["dados"]
    if isinstance(dados, dict) and rng.random() < 0.3:
        flat = {f"dados[{name}]": value for name, value in dados.items()}
        return urlencode({**{name: value for name, value in one.items() if name != "dados"}, **flat})
    return urlencode({**one, "dados": dados if isinstance(dados, str) else text(rng, dados)})


SHAPES: tuple[Callable[[Random, list[Json]], str], ...] = (_json, _lines, _wrapped, _as_text, _field, _name)


def _multipart(rng: Random, fields: dict[str, bytes], part_type: str) -> bytes:
    end = rng.choice([b"\r\n", b"\n"])
    parts = []
    for name, content in fields.items():
        head = f'Content-Disposition: form-data; name="{name}"'.encode()
        if part_type:
            head += end + f"Content-Type: {part_type}".encode()
        parts.append(b"--" + BOUNDARY.encode() + end + head + end + end + content + end)
    return b"".join(parts) + b"--" + BOUNDARY.encode() + b"--" + end


def envelope(rng: Random, events: list[Json]) -> Body:
    """The events in an envelope of some kind."""
    encoding = rng.choice(ENCODINGS)
    shape = rng.choice([*SHAPES, _fields] if len(events) == 1 else SHAPES)
    plain = rng.choice(["", "", "\n", " \r\n"]) + shape(rng, events)
    content = plain.encode(encoding)
    charset = rng.choice(["", "", f"; charset={encoding}", '; charset="UTF-8"', "; charset=what"])
    kind = (
        rng.choice(["", "application/json", "text/plain", "application/x-www-form-urlencoded", "x"]) + charset
    )
    how = f"{shape.__name__} {encoding}"
    if rng.random() < 0.2:
        kind = rng.choice(["multipart/form-data", f"multipart/form-data; boundary={BOUNDARY}"])
        how += " in multipart"
        if shape is _fields and isinstance(events[0]["dados"], dict):
            fields = {name: str(value).encode() for name, value in events[0].items()}
            fields["dados"] = text(rng, events[0]["dados"]).encode(encoding)
        else:
            fields = {"file": content}
        content = _multipart(
            rng, fields, rng.choice(["", "application/json", f"text/plain; charset={encoding}"])
        )
    for pack in rng.choices([None, gzip.compress, zlib.compress], [0.7, 0.2, 0.1], k=rng.choice([1, 1, 2])):
        if pack:
            content, how = pack(content), f"{how}, {pack.__name__}"
    return Body(content, kind, how)
