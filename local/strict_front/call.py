"""A request as the rules see it: which method of which API, with what."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.strict_front.discovery import Method

_RANGE: Final = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


class UnreadableError(Exception):
    """The body of a request is not what its headers say."""


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        account: Who asks: the name of the account whose address the request came to.
        method: The method of the API.
        names: The parameters in the path.
        query: The other parameters.
        headers: Headers, by their names in lower case.
        body: The JSON body; for an upload its metadata; None when there is none.
        data: What an upload of two parts carries beside its metadata.
    """

    account: str
    method: Method
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    data: bytes = b""

    @property
    def upload_type(self) -> str:
        """The kind of an upload: "media", "multipart", "resumable" (its start) or "chunk"; an empty text for others."""
        if not self.method.is_upload:
            return ""
        return "chunk" if "upload_id" in self.query else self.query.get("uploadType", "")

    @property
    def is_last_chunk(self) -> bool:
        """Whether a part of an upload is its last: nothing comes after it."""
        found = _RANGE.fullmatch(self.headers.get("content-range", ""))
        if not found:
            return True
        _, end, total = found.groups()
        return total != "*" and (end is None or int(end) + 1 >= int(total))

    @property
    def range_start(self) -> int:
        """Where a part of an upload begins."""
        found = _RANGE.fullmatch(self.headers.get("content-range", ""))
        return int(found[1] or 0) if found else 0

    @property
    def bucket(self) -> str:
        """The bucket that is asked for, or written to."""
        return self.names.get("destinationBucket") or self.names.get("bucket", "")

    @property
    def object(self) -> str:
        """The object that is asked for, or written."""
        named = self.names.get("destinationObject") or self.names.get("object") or self.query.get("name")
        return named or str(self.field("name") or "")

    def field(self, path: str) -> Any:
        """Return a value of the body by its path, as `configuration.load`; None when it is not there."""
        value = self.body
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


def read_body(headers: Mapping[str, str], content: bytes) -> Any:
    """Read a JSON body; None when there is none.

    Raises:
        UnreadableError: It is no JSON.
    """
    content = _plain(headers, content)
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except ValueError as error:
        raise UnreadableError("Parse Error: the body is no JSON") from error


def read_parts(headers: Mapping[str, str], content: bytes) -> tuple[Any, bytes]:
    """Read an upload of two parts: its metadata and its content.

    Raises:
        UnreadableError: It has not these two parts.
    """
    found = _BOUNDARY.search(headers.get("content-type", ""))
    if not found:
        raise UnreadableError("Missing multipart boundary in the content type")
    parts = _plain(headers, content).split(b"--" + found[1].encode())
    inner = [part.split(b"\r\n\r\n", 1) for part in parts[1:-1]]
    if [len(part) for part in inner] != [2, 2]:
        raise UnreadableError("Malformed multipart body: it has a part of metadata and one of content")
    return read_body({}, inner[0][1]), inner[1][1].removesuffix(b"\r\n")


def _plain(headers: Mapping[str, str], content: bytes) -> bytes:
    if headers.get("content-encoding") != "gzip":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError("The body is not compressed by gzip, as its header says") from error
