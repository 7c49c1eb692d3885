"""Bytes that a sender packed: gzip, zlib, or deflate alone, whatever the sender said about them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

# A file of the largest size, packed well; whatever is larger is no list of events.
MAX_UNPACKED: Final = 4 * 1024 * 1024
_MOST_LAYERS: Final = 16
_MOST_JOINED: Final = 1000
_GZIP: Final = b"\x1f\x8b"
# What no text has, except for UTF-16 and UTF-32.
_CONTROL: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r")


class PackedError(ValueError):
    """Packed bytes that cannot be used; the message is the kind."""


class TooLargeError(PackedError):
    """Packed bytes that hold more than a file may."""


@dataclass
class Unpacker:
    """Removes what is around the content of a file.

    Attributes:
        left: How many bytes the packed parts of a file may still become, all together.
    """

    left: int = MAX_UNPACKED

    def unpacked(self, content: bytes) -> bytes:
        """Remove all layers.

        Raises:
            PackedError: When packed bytes are damaged, cut short, too many or too large.
        """
        for _ in range(_MOST_LAYERS):
            opened = self._opened(content) if _is_packed(content) else self._inflated(content)
            if opened is None:
                return content
            content = opened
        raise PackedError("bytes that are packed again and again")

    def _opened(self, content: bytes) -> bytes | None:
        """Open one layer of gzip or zlib; None for a text that only begins like zlib.

        Packed files may be joined to one: what is in them is joined as well, or all but the first would be lost.
        """
        parts: list[bytes] = []
        rest = content
        while _is_packed(rest):
            if len(parts) == _MOST_JOINED:
                raise PackedError(f"more than {_MOST_JOINED} packed files in one")
            opener = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, as its first bytes say
            try:
                opened = opener.decompress(rest, self.left + 1)
            except zlib.error as error:
                if rest.startswith(_GZIP):
                    raise PackedError("packed bytes that are damaged") from error
                break
            self.left -= len(opened)
            if self.left < 0:
                raise TooLargeError(f"packed bytes that hold more than {MAX_UNPACKED}")
            if not opener.eof:
                raise PackedError("packed bytes that are cut short")
            parts.append(opened)
            rest = opener.unused_data.lstrip(b"\0")
        return b"".join([*parts, rest]) if parts else None

    def _inflated(self, content: bytes) -> bytes | None:
        """Open deflate without a header, which some programs send; None when the content is not that as a whole."""
        if not has_control(content):
            return None
        opener = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        try:
            opened = opener.decompress(content, self.left + 1)
        except zlib.error:
            return None
        if not opened or not opener.eof or opener.unused_data or len(opened) > self.left:
            return None
        self.left -= len(opened)
        return opened


def has_control(content: bytes) -> bool:
    """Return whether bytes are in the content that are in no text."""
    return len(content.translate(None, delete=_CONTROL)) < len(content)


def _is_packed(content: bytes) -> bool:
    zlib_header = content[:1] == b"\x78" and int.from_bytes(content[:2], "big") % 31 == 0
    return content.startswith(_GZIP) or zlib_header
