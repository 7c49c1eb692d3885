"""Objects in one Cloud Storage bucket: the few things that the operators do with them.

Every request is repeated when it fails for a passing reason, or when its answer is lost; by itself the client repeats
only those that it knows to be harmless (https://cloud.google.com/storage/docs/retry-strategy). A write that must happen
once has a precondition, which also refuses its own repetition: such a write has a mark, by which it knows its object.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import StringIO, TextIOWrapper
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO, cast

from tiny_operators.lake.names import NDJSON
from tiny_operators.lake.threads import THREADS, begin_in_thread
from tiny_operators.lake.uploads import PART_BYTES, TextUpload, Upload

if TYPE_CHECKING:
    from concurrent.futures import Future

    from google.cloud.storage import Blob, Bucket, Client

_CHANGE_TRIES: Final = 5
# Metadata of an object: the write that it comes from.
_MARK: Final = "write"


class NotChangedError(RuntimeError):
    """An object could not be changed; it is as it was, or as others left it. A later try may succeed."""


class Objects:
    """Reads and writes the objects of a bucket."""

    def __init__(self, client: Client, bucket: str) -> None:
        from requests.adapters import HTTPAdapter

        self._client = client
        for scheme in ("https://", "http://"):
            # The client keeps ten by itself.
            client._http.mount(scheme, HTTPAdapter(pool_maxsize=THREADS))
        self._bucket: Bucket = client.bucket(bucket)
        self._ahead: dict[str, Future[tuple[bytes, int] | None]] = {}

    def list(self, prefix: str = "") -> Iterator[Blob]:
        """List the objects below a prefix, by name."""
        return cast("Iterator[Blob]", self._client.list_blobs(self._bucket, prefix=prefix))

    def list_ahead(self, prefix: str = "") -> Iterator[Blob]:
        """Begin to list the objects below a prefix, by name: the first of them are on their way."""
        found = iter(self.list(prefix))
        first = begin_in_thread(lambda: [*islice(found, 1)])

        def listed() -> Iterator[Blob]:
            yield from first.result()
            yield from found

        return listed()

    def exists(self, name: str) -> bool:
        """Return whether there is such an object."""
        return bool(self._bucket.blob(name).exists())

    def read_ahead(self, *names: str) -> None:
        """Begin to read objects, all at once: the next read of each one returns what was there now."""
        for name in names:
            self._ahead[name] = begin_in_thread(partial(self._read, name))

    def read(self, name: str, generation: int | None = None) -> bytes | None:
        """Read the content of an object; None when it, or that generation of it, does not exist."""
        found = self._read(name, generation) if generation else self._read_or_taken(name)
        return found and found[0]

    def _read_or_taken(self, name: str) -> tuple[bytes, int] | None:
        """Return the content of an object that was read ahead, or read it now; with its generation."""
        ahead = self._ahead.pop(name, None)
        return ahead.result() if ahead else self._read(name)

    def _read(
        self, name: str, generation: int | None = None, *, packed: bool = False
    ) -> tuple[bytes, int] | None:
        from google.cloud.exceptions import NotFound

        blob = self._bucket.blob(name, generation=generation)
        try:
            content = cast("bytes", blob.download_as_bytes(raw_download=packed))
        except NotFound:
            return None
        return content, int(blob.generation)

    def read_packed(self, name: str, generation: int) -> bytes | None:
        """Read the content of one generation of an object as it is stored; None when it does not exist.

        Whoever uploads a file may say that it is packed, rightly or not; otherwise Cloud Storage and its client would
        unpack it on the way (https://cloud.google.com/storage/docs/transcoding), or fail.
        """
        found = self._read(name, generation, packed=True)
        return found and found[0]

    def read_json(self, name: str) -> Any:
        """Read the content of a JSON object; None when it does not exist."""
        content = self.read(name)
        return None if content is None else json.loads(content)

    def look(self, name: str) -> Blob | None:
        """Return what is known of an object, without its content; None when it does not exist."""
        return self._bucket.get_blob(name)

    def stream(self, name: str, generation: int | None = None) -> Iterator[str]:
        """Yield the lines of an object, or of a generation of it, a small part of it in memory at a time."""
        with self._bucket.blob(name, generation=generation).open("rb", chunk_size=PART_BYTES) as reader:
            yield from TextIOWrapper(cast("BinaryIO", reader), encoding="utf-8", newline="\n")

    def lines_if_any(self, name: str) -> Iterator[str]:
        """Read the lines of an object of a chunk's size, in one request; none when it does not exist."""
        # A StringIO ends lines at line feeds only, which JSON texts cannot hold; str.splitlines knows many more ends.
        yield from StringIO((self.read(name) or b"").decode("utf-8"))

    def write_json(self, name: str, content: object) -> None:
        """Write a JSON object, or replace it."""
        self.put(name, _json(content).encode(), "application/json")

    def create(self, name: str, text: str, content_type: str = NDJSON) -> bool:
        """Write an object that must not exist yet.

        Returns:
            Whether it was written; False when there was one, which stays as it is.
        """
        return self._write_once(name, text, content_type, generation=0)

    def create_json(self, name: str, content: object) -> bool:
        """Write a JSON object that must not exist yet; return False when there was one, which stays."""
        return self.create(name, _json(content), "application/json")

    def change_json(self, name: str, change: Callable[[Any], object]) -> None:
        """Change a JSON object; what others write meanwhile is not lost.

        Args:
            name: The object.
            change: Builds the new content from the present one, which is None when there is none. It is called again
                when another content came meanwhile.

        Raises:
            NotChangedError: When Cloud Storage fails again and again, or others are always faster.
            ValueError: When the present content is not JSON.
        """
        from google.api_core.exceptions import GoogleAPICallError

        try:
            for _ in range(_CHANGE_TRIES):
                there = self._read_or_taken(name)
                content, generation = there or (None, 0)
                text = _json(change(None if content is None else json.loads(content)))
                if self._write_once(name, text, "application/json", generation):
                    return
        except GoogleAPICallError as error:
            raise NotChangedError(f"{name} could not be changed: {type(error).__name__}") from error
        raise NotChangedError(f"{name} was changed by others {_CHANGE_TRIES} times in a row")

    def _write_once(self, name: str, text: str, content_type: str, generation: int) -> bool:
        """Write an object in the place of one generation, 0 for none; return False when there is another one."""
        from google.api_core.exceptions import PreconditionFailed

        blob = self._to_write(name)
        blob.metadata = {_MARK: uuid.uuid4().hex}
        try:
            blob.upload_from_string(text, content_type=content_type, if_generation_match=generation)
        except PreconditionFailed:
            # A repeated request gets this answer too, when the first one was done and its answer lost.
            there = self._bucket.get_blob(name)
            return there is not None and (there.metadata or {}).get(_MARK) == blob.metadata[_MARK]
        return True

    def put(self, name: str, content: bytes, content_type: str, generation: int | None = None) -> None:
        """Write an object, or replace it.

        Args:
            name: The object.
            content: Its content.
            content_type: What kind of content that is.
            generation: The only content that may be replaced; None for any, or none.

        Raises:
            PreconditionFailed: When there is another one. A repeated request gets this answer too, when the first one
                was done and its answer lost.
        """
        from google.cloud.storage.retry import DEFAULT_RETRY

        self._to_write(name).upload_from_string(
            content, content_type=content_type, if_generation_match=generation, retry=DEFAULT_RETRY
        )

    @contextmanager
    def writing(self, name: str, generation: int | None = None) -> Iterator[TextIO]:
        """Open a stream into an object, which appears, or is replaced, at the end; not at all when something fails.

        Args:
            name: The object.
            generation: The only content that may be replaced; None for any, or none.

        Raises:
            PreconditionFailed: When there is another content.
        """
        stream = self.upload(name, generation)
        try:
            yield stream
        except BaseException:
            stream.abandon()
            raise
        stream.finish()

    def upload(self, name: str, generation: int | None = None) -> TextUpload:
        """Open a stream into an object as :meth:`writing` does; whoever writes says when it ends."""
        return TextUpload(Upload(self._to_write(name), generation))

    def delete(self, name: str, generation: int | None = None) -> None:
        """Delete an object, if it exists; with a generation, only when it has that content."""
        from google.api_core.exceptions import PreconditionFailed
        from google.cloud.exceptions import NotFound
        from google.cloud.storage.retry import DEFAULT_RETRY

        with suppress(NotFound, PreconditionFailed):
            self._to_write(name).delete(if_generation_match=generation, retry=DEFAULT_RETRY)

    def move(
        self, name: str, generation: int, target: Objects, new_name: str, *, replaces: bool = True
    ) -> bool:
        """Move one generation of an object into another bucket.

        Args:
            name: The object.
            generation: Which content of that name.
            target: The bucket.
            new_name: Its name there.
            replaces: Whether it may replace an object of that name.

        Returns:
            Whether it is gone from here; False when another content of that name is here, which stays, or when that
            generation was gone before.

        Raises:
            PreconditionFailed: When it may not replace, and there is an object with another content.
        """
        from google.api_core.exceptions import PreconditionFailed
        from google.cloud.exceptions import NotFound
        from google.cloud.storage.retry import DEFAULT_RETRY

        blob = self._bucket.blob(name)
        try:
            # Another try gives the same copy. The client cannot know that: by itself it would not try again.
            self._bucket.copy_blob(
                blob,
                target._bucket,
                new_name,
                source_generation=generation,
                if_generation_match=None if replaces else 0,
                retry=DEFAULT_RETRY,
            )
        except NotFound:
            return False
        except PreconditionFailed:
            # A repeated request gets this answer too, when the first one was done and its answer lost.
            if not self._is_same(name, generation, target, new_name):
                raise
        try:
            blob.delete(if_generation_match=generation)
        except NotFound:
            # Deleted, by a request whose answer was lost or by another try.
            return True
        except PreconditionFailed:
            return False
        return True

    def _to_write(self, name: str) -> Blob:
        """Return the object of a name that is about to be written or deleted: what was read ahead is no longer true."""
        self._ahead.pop(name, None)
        return self._bucket.blob(name)

    def _is_same(self, name: str, generation: int, target: Objects, new_name: str) -> bool:
        """Return whether an object of another bucket has the content of one generation."""
        here, there = self._bucket.get_blob(name, generation=generation), target._bucket.get_blob(new_name)
        return (
            here is not None
            and there is not None
            and (here.size, here.crc32c, here.md5_hash) == (there.size, there.crc32c, there.md5_hash)
        )


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1)
