"""A stream into an object: the bytes of a small one go in one request at its end, others in parts before."""

from __future__ import annotations

from io import BufferedIOBase, TextIOWrapper
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from tiny_operators.lake.names import NDJSON

if TYPE_CHECKING:
    from google.cloud.storage import Blob

# Memory for an object that is written or read bit by bit; the client's own choice is 40 MB for each.
PART_BYTES: Final = 1024 * 1024


class Upload(BufferedIOBase):
    """Bytes on their way into an object.

    A resumable upload takes two requests at least, one after the other; most files are small.

    Args:
        blob: The object.
        generation: The only content that may be replaced; None for any, or none.
    """

    def __init__(self, blob: Blob, generation: int | None = None) -> None:
        from google.cloud.storage.retry import DEFAULT_RETRY

        self._blob = blob
        self._options: dict[str, Any] = {
            "content_type": NDJSON,
            "if_generation_match": generation,
            "retry": DEFAULT_RETRY,
        }
        self._held = bytearray()
        self._parts: BinaryIO | None = None

    def writable(self) -> bool:
        """Return whether it takes bytes."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; send parts as soon as there is more than one."""
        if self._parts is None and len(self._held) + len(data) > PART_BYTES:
            self._parts = self._blob.open("wb", ignore_flush=True, chunk_size=PART_BYTES, **self._options)
            self._parts.write(self._held)
            self._held.clear()
        if self._parts is None:
            self._held += data
        else:
            self._parts.write(data)
        return len(data)

    def finish(self) -> None:
        """Create the object.

        Raises:
            PreconditionFailed: When there is another content than the one that may be replaced.
        """
        if self._parts is None:
            self._blob.upload_from_string(bytes(self._held), **self._options)
        else:
            self._parts.close()

    def abandon(self) -> None:
        """Create nothing."""
        if self._parts is not None:
            # Closing would create an object of what was written so far, and Python closes what nobody holds any more.
            # The client's own method for it, terminate(), came with its version 3.1.
            self._parts.close = lambda: None  # type: ignore[method-assign]


class TextUpload(TextIOWrapper):
    """Lines of text on their way into an object, which appears at :meth:`finish`."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(cast("BinaryIO", upload), encoding="utf-8", newline="\n")
        self._upload = upload

    def finish(self) -> None:
        """Create the object.

        Raises:
            PreconditionFailed: When there is another content than the one that may be replaced.
        """
        try:
            self.detach()
        except BaseException:
            self._upload.abandon()
            raise
        self._upload.finish()

    def abandon(self) -> None:
        """Create nothing."""
        self._upload.abandon()
        self.detach()
