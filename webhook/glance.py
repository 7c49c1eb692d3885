"""A glance at a body at the door: enough to name its object, and to leave out what nobody needs.

Its reader judges. Here it is only searched, by bounded patterns, in any envelope, and what is in doubt is kept.
"""

import json
import re
import zlib
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

NEEDED: Final = frozenset({"inclusao_pedido", "atualizacao_pedido"})
UNNEEDED: Final = frozenset({"estoque", "produto", "precos", "rastreio", "nota_fiscal", "situacao_pedido"})
_PACKED: Final = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_MOST_BYTES, _SEARCHED = 4 * 1024 * 1024, 64 * 1024
_WORD, _ABOUT = re.compile(r"(?a)\btipo\b"), re.compile(r'(?a)\bdados"\s*:')
_HEAD: Final = r'"?(?:\s*content-[^\n]{0,200}){0,4}'
# What may hide an event: JSON inside JSON may write any sign in escapes, also those of these patterns; packed bytes;
# base64; a form in a form in a form.
_HIDING: Final = re.compile(
    r"(?i)\\u00[0-7]|base64|quoted-printable|[\x01-\x08\x0e-\x1f]|x[\x5e\x9c\xda]|%(?:25)*[57]b"
)
_KIND: Final = re.compile(rf'(?a)\btipo{_HEAD}[\s:="\]]+([a-z_]+)\s*(?=["&\r\n,}}-]|$)')
_ORDER: Final = re.compile(r'(?a)\bdados\W(?:[^{}]{0,100}?\W)??\W{0,60}\bid"?\W{1,9}0*([1-9][0-9]{0,17})\b')
_CNPJ: Final = re.compile(rf"(?a)\bcnpj{_HEAD}\W+([0-9a-z][0-9a-z./-]{{7,17}})")


class Glance(NamedTuple):
    """What a body seems to hold: kind and order, each `several` or `unknown` where that is not plain, and CNPJs."""

    kind: str
    order: str
    cnpjs: frozenset[str]


def look(body: bytes) -> Glance | None:
    """Tell what a body seems to hold; None for nothing: blanks or an empty object, which try an address."""
    plain = _unpacked(body)
    text = plain.decode(json.detect_encoding(plain), errors="replace").strip(" \t\r\n\v\f\ufeff")
    if re.fullmatch(r"(\{\s*\})?", text):
        return None
    raw = _unquoted(plain)
    # Without the escapes of JSON inside JSON.
    text = re.sub(r"\\[nrt]", " ", raw).replace("\\", "").lower()
    events = len(_WORD.findall(text))
    kinds, orders = _KIND.findall(text), _ORDER.findall(text, 0, _SEARCHED)
    whole = text.count("{") == text.count("}") and len(_ABOUT.findall(text)) <= events
    clear = whole and not _HIDING.search(raw)
    known = clear and len(kinds) == events and set(kinds) <= NEEDED | UNNEEDED
    cnpjs = frozenset(map(cnpj_key, _CNPJ.findall(text, 0, _SEARCHED)))
    return Glance(_only(kinds if known else []), _only(orders if len(orders) == events else []), cnpjs)


def cnpj_key(cnpj: str) -> str:
    """Return a CNPJ (or CPF) as they are compared: without mask, with the zeros that a number has lost."""
    return re.sub(r"[^0-9A-Z]", "", cnpj.upper()).zfill(14)


def _only(found: list[str]) -> str:
    return "several" if len(set(found)) > 1 else next(iter(found), "unknown")


def _unpacked(body: bytes) -> bytes:
    """Open gzip and zlib, whatever the headers said; several files in one, and what has no end, stay as they are."""
    for _ in range(8):
        opener = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        with suppress(zlib.error):
            opened = opener.decompress(body, _MOST_BYTES) if body.startswith(_PACKED) else b""
            body = opened if opener.eof and not opener.unused_data.strip(b"\0") else body
    return body


def _unquoted(plain: bytes) -> str:
    """Return the text without what encodings and forms put between its signs."""
    text = plain.replace(b"\0", b"").decode("latin-1")
    for _ in range(2):
        text = unquote_plus(text) if "%" in text else text
    return text
