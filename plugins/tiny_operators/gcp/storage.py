"""Objects in one Cloud Storage bucket: the few things that the operators do with them.

Writes that must happen once carry ``if_generation_match=0``, which also lets the client retry them safely
(https://cloud.google.com/storage/docs/retry-strategy).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO, TextIOWrapper
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO, cast

from tiny_operators.names import NDJSON

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Bucket, Client

# Held in memory of an object that is written or read bit by bit; the client's own choice is 40 MB for each.
_PART_BYTES: Final = 1024 * 1024
_CHANGE_TRIES: Final = 5


class Objects:
    """Reads and writes the objects of a bucket."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket: Bucket = client.bucket(bucket)

    def list(self, prefix: str = "", limit: int | None = None) -> Iterator[Blob]:
        """The objects below a prefix, by name."""
        return cast("Iterator[Blob]", self._client.list_blobs(self._bucket, prefix=prefix, max_results=limit))

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        return bool(self._bucket.blob(name).exists())

    def read(self, name: str, generation: int | None = None) -> bytes | None:
        """Content of an object; None when it, or that generation of it, is not there."""
        from google.cloud.exceptions import NotFound

        try:
            return cast("bytes", self._bucket.blob(name, generation=generation).download_as_bytes())
        except NotFound:
            return None

    def read_packed(self, name: str, generation: int) -> bytes | None:
        """Content of one generation of an object as it is stored; None when it is not there.

        Whoever uploads a file may say that it is packed, rightly or not; else Cloud Storage and its client would
        unpack it on the way (https://cloud.google.com/storage/docs/transcoding), or fail.
        """
        from google.cloud.exceptions import NotFound

        blob = self._bucket.blob(name, generation=generation)
        try:
            return cast("bytes", blob.download_as_bytes(raw_download=True))
        except NotFound:
            return None

    def read_json(self, name: str) -> Any:
        """Content of a JSON object; None when it is not there."""
        content = self.read(name)
        return None if content is None else json.loads(content)

    def stream(self, name: str) -> Iterator[str]:
        """Lines of an object of any size, a small part of it in memory at a time."""
        with self._bucket.blob(name).open("rb", chunk_size=_PART_BYTES) as reader:
            yield from TextIOWrapper(cast("BinaryIO", reader), encoding="utf-8", newline="\n")

    def lines_if_any(self, name: str) -> Iterator[str]:
        """Lines of an object of a chunk's size, in one request; none when it is not there."""
        # A StringIO ends lines at line feeds only, which JSON texts cannot hold; str.splitlines knows many more ends.
        yield from StringIO((self.read(name) or b"").decode("utf-8"))

    def write_json(self, name: str, content: object) -> None:
        """Write a JSON object, or replace it."""
        text = json.dumps(content, ensure_ascii=False, indent=1)
        self._bucket.blob(name).upload_from_string(text, content_type="application/json")

    def create(self, name: str, text: str, content_type: str = NDJSON) -> bool:
        """Write an object that must not be there yet.

        Returns:
            Whether it was written; False when there was one, which stays as it is.
        """
        from google.api_core.exceptions import PreconditionFailed

        try:
            self._bucket.blob(name).upload_from_string(text, content_type=content_type, if_generation_match=0)
        except PreconditionFailed:
            return False
        return True

    def create_json(self, name: str, content: object) -> bool:
        """Write a JSON object that must not be there yet; False when there was one, which stays."""
        return self.create(name, json.dumps(content, ensure_ascii=False, indent=1), "application/json")

    def change_json(self, name: str, change: Callable[[Any], object]) -> None:
        """Change a JSON object; what others write meanwhile is not lost.

        Args:
            name: The object.
            change: Makes the new content of the present one, which is None when there is none. It is called again when
                another content came meanwhile.

        Raises:
            PreconditionFailed: When others were faster, time and again.
        """
        from google.api_core.exceptions import PreconditionFailed

        for tries_left in reversed(range(_CHANGE_TRIES)):
            there = self._bucket.get_blob(name)
            generation = there.generation if there else 0
            content = self.read(name, generation) if there else None
            text = json.dumps(
                change(None if content is None else json.loads(content)), ensure_ascii=False, indent=1
            )
            try:
                self._bucket.blob(name).upload_from_string(
                    text, content_type="application/json", if_generation_match=generation
                )
            except PreconditionFailed:
                if not tries_left:
                    raise
            else:
                return

    @contextmanager
    def writing(self, name: str) -> Iterator[TextIO]:
        """A stream into an object, which appears, or is replaced, at the end; not at all when something fails."""
        writer = self._bucket.blob(name).open(
            "wb", content_type=NDJSON, ignore_flush=True, chunk_size=_PART_BYTES
        )
        stream = TextIOWrapper(writer, encoding="utf-8", newline="\n")
        try:
            yield stream
        except BaseException:
            # Closing would make an object of what was written so far.
            stream.detach()
            writer.terminate()
            raise
        stream.close()

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        from google.cloud.exceptions import NotFound

        with suppress(NotFound):
            self._bucket.blob(name).delete()

    def move(
        self, name: str, generation: int, target: Objects, new_name: str, *, replaces: bool = True
    ) -> bool:
        """Move one generation of an object into another bucket.

        Args:
            name: The object.
            generation: Which content of that name.
            target: The bucket.
            new_name: Its name there.
            replaces: Whether it may take the place of an object of that name.

        Returns:
            Whether it was there; False when it was moved before.

        Raises:
            PreconditionFailed: When it may not, and there is one.
        """
        from google.cloud.exceptions import NotFound
        from google.cloud.storage.retry import DEFAULT_RETRY

        blob = self._bucket.blob(name)
        try:
            # Again gives the same copy, which the client cannot know: by itself it would not try again.
            self._bucket.copy_blob(
                blob,
                target._bucket,
                new_name,
                source_generation=generation,
                if_generation_match=None if replaces else 0,
                retry=DEFAULT_RETRY,
            )
            blob.delete(if_generation_match=generation)
        except NotFound:
            return False
        return True
