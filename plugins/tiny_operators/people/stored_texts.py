"""Stored texts of any kind, without what belongs to a person: lines of JSON, whole files, and files that are no JSON.

Only what is blanked changes: numbers keep their digits, and a line in which nothing was found is the same text. Of a
field that a changed text says twice, only the one that counts is written.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote_plus

from tiny_operators.orders.envelopes import Unreadable, read_events
from tiny_operators.orders.packed import PackedError, Unpacker
from tiny_operators.people.erasing import Eraser
from tiny_operators.people.exact_json import parse, write
from tiny_operators.tiny.encodings import decode

# How a raw line says what the bytes of its answer were.
_BYTES: Final = "base64"
_ENCODING: Final = "encoding"


def clean_line(text: str, eraser: Eraser) -> str:
    """Return a line of JSON, or of anything else, without what belongs to these people."""
    if _BYTES not in text and not eraser.who.may_be_in(text):
        return text
    try:
        record = parse(text)
    except ValueError:
        return eraser.masked(text) if text.strip() else text
    cleaned = eraser.clean(record)
    packed = isinstance(record, dict) and _is_in_bytes(record.get(_BYTES), eraser)
    if cleaned == record and not packed:
        return text
    if isinstance(cleaned, dict) and "answer" in cleaned:
        # The bytes of the answer hold what was blanked in it.
        cleaned = {name: value for name, value in cleaned.items() if name not in {_BYTES, _ENCODING}}
    return write(cleaned) + ("\n" if text.endswith("\n") else "")


def clean_file(content: bytes, eraser: Eraser, content_type: str = "") -> bytes | None:
    """Return a file of any kind without what belongs to these people; None when it has nothing of theirs.

    A file that is no JSON, such as a form or packed bytes, becomes a list of the events in it, each blanked: they are
    all that is ever read of it.
    """
    try:
        text = content.decode()
        cleaned = _clean_json(text, eraser)
    except ValueError:
        return _clean_odd(content, eraser, content_type)
    return None if cleaned == text else cleaned.encode()


def as_json(value: Any) -> Any:
    """Write a value of a row, or of a parsed text, as JSON has it: exact numbers and moments as text."""
    match value:
        case dict():
            return {str(name).replace("\0", " "): as_json(inner) for name, inner in value.items()}
        case list():
            return [as_json(item) for item in value]
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case str():
            return value.strip("\0")
        case _:
            return value


def _clean_json(text: str, eraser: Eraser) -> str:
    """Clean a JSON text, or one of which each line is JSON.

    Raises:
        ValueError: When it is neither.
    """
    try:
        parse(text)
    except ValueError:
        lines = text.split("\n")
        for line in filter(str.strip, lines):
            parse(line)
        return "\n".join(clean_line(line, eraser) for line in lines)
    return clean_line(text, eraser)


def _clean_odd(content: bytes, eraser: Eraser, content_type: str) -> bytes | None:
    events = [event for event in read_events(content, content_type) if not isinstance(event, Unreadable)]
    cleaned = [eraser.clean(event) for event in events]
    text = decode(_unpacked(content)).text
    masked = eraser.masked(text)
    hidden = unquote_plus(masked)
    if cleaned == events and masked == text and eraser.masked(hidden) == hidden:
        return None
    if cleaned:
        return write(cleaned).encode()
    # Of people who are known by hashes alone, nobody knows the names that stand beside what was found.
    whole = eraser.who.values and eraser.masked(hidden) == hidden
    return masked.encode() if whole else b"{}"


def _unpacked(content: bytes) -> bytes:
    try:
        return Unpacker().unpacked(content)
    except PackedError:
        return content


def _is_in_bytes(packed: Any, eraser: Eraser) -> bool:
    if not isinstance(packed, str):
        return False
    try:
        text = decode(base64.b64decode(packed, validate=True)).text
    except (ValueError, binascii.Error):
        return False
    return eraser.masked(text) != text
