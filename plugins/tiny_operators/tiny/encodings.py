"""The text of bytes that should be UTF-8 and sometimes are not."""

from __future__ import annotations

import codecs
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from typing import Final

UTF_8: Final = "utf-8"
_LATIN_1: Final = "iso8859-1"
# What remains of bytes that are no text in UTF-8.
_BROKEN: Final = "\ufffd"


@dataclass(frozen=True)
class Decoded:
    """Bytes as text.

    Attributes:
        text: The text.
        encoding: Python's name of the encoding that it was read by.
        base64: The bytes, where they cannot be restored from the text; else None.
    """

    text: str
    encoding: str
    base64: str | None = None

    @property
    def content(self) -> bytes:
        """The bytes as they came."""
        return self.text.encode(self.encoding) if self.base64 is None else b64decode(self.base64)


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Read bytes as text: as UTF-8 (or what a byte order mark says), else as declared, else as Windows and Latin-1 do.

    A text that is UTF-8 by accident is hardly ever anything else, whatever was declared. A text that is UTF-8 except
    for some broken characters, such as a cut text, is read as UTF-8 with marks in their place.

    Args:
        content: The bytes.
        declared: The encoding that their sender names, in any spelling; an unknown one is none.
    """
    detected = json.detect_encoding(content)
    for encoding in _encodings(content, detected, declared):
        try:
            text = content.decode(encoding)
        except (LookupError, ValueError):
            continue
        return _decoded(content, text, encoding)
    return _decoded(content, content.decode(detected, "replace"), detected)


def _encodings(content: bytes, detected: str, declared: str | None) -> Iterator[str]:
    yield detected
    # Looked at only when it is not what was detected, which is rare: it takes longer than the reading.
    if not _is_damaged(content):
        yield from _others(declared)


def _others(declared: str | None) -> Iterator[str]:
    with suppress(LookupError, ValueError):
        name = codecs.lookup(declared or "").name
        # Who says Latin-1 mostly means Windows' superset of it: https://encoding.spec.whatwg.org/#names-and-labels
        if name != _LATIN_1:
            yield name
    yield from ("cp1252", _LATIN_1)


def _is_damaged(content: bytes) -> bool:
    """Return whether most of what is beyond ASCII is correct UTF-8."""
    text = content.decode(UTF_8, "replace")
    broken = text.count(_BROKEN)
    return sum(not character.isascii() for character in text) > 2 * broken > 0


def _decoded(content: bytes, text: str, encoding: str) -> Decoded:
    exact = text.encode(encoding, "replace") == content
    return Decoded(text, encoding, None if exact else b64encode(content).decode())


def charset(content_type: str | None) -> str | None:
    """Return the encoding that a header ``Content-Type`` names; None when it names none."""
    header = Message()
    header["content-type"] = content_type or ""
    return header.get_content_charset()
