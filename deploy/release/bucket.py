"""The bucket of the environment: what is there, and putting a release into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from google.api_core.exceptions import Forbidden, NotFound, PreconditionFailed
from google.cloud.storage import Blob, Client

from deploy.console import CommandError

from .files import Changes, Files, archive_name, changes, is_shared, merged, pack, unpack, version_of

_CURRENT: Final = "releases/current.json"
_FOLDERS: Final = ("dags/", "plugins/")


class NoEnvironmentError(CommandError):
    """There is no such bucket, or it may not be seen."""


@dataclass(frozen=True)
class Kept:
    """A release that is kept in the bucket.

    Attributes:
        archive: Its object.
        before: The object of the release before it; empty for none.
    """

    archive: str
    before: str


class EnvironmentBucket:
    """The bucket of the environment.

    Args:
        client: Client of Cloud Storage.
        name: The bucket.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.name = name
        self._bucket = client.bucket(name)
        self._client = client
        # Of the objects as they were seen, the marker of the current release apart: two releases at once are refused.
        self._generation = 0
        self._generations: dict[str, int] = {}

    def current(self) -> Kept | None:
        """Return the release that is there, or was begun; None when there was none.

        Raises:
            NoEnvironmentError: When there is no such bucket.
        """
        try:
            blob = self._bucket.get_blob(_CURRENT)
            if blob is None:
                next(iter(self._client.list_blobs(self._bucket, max_results=1)), None)
                return None
            self._generation = int(blob.generation)
            return Kept(**json.loads(blob.download_as_bytes()))
        except (NotFound, Forbidden) as error:
            raise NoEnvironmentError(
                f"gs://{self.name} is not there, or you may not see it: make deploy creates it; of an environment "
                "that was there before, give the bucket by --bucket"
            ) from error

    def with_shared(self, files: Files) -> dict[str, bytes]:
        """Return the files; those that belong to others as well keep their lines."""
        return {
            name: merged(name, content, self._read(name)) if is_shared(name) else content
            for name, content in files.items()
        }

    def changes(self, files: Files) -> Changes:
        """Return what putting the files there would change."""
        there = list(self._objects())
        self._generations = {blob.name: int(blob.generation) for blob in there}
        return changes(files, {blob.name: blob.md5_hash or "" for blob in there})

    def keep(self, files: Files, version: str, current: Kept | None) -> Kept:
        """Keep a release as the one after the current one; one that was interrupted is kept already."""
        if current and version_of(current.archive) == version and self.kept(current.archive)[1] == files:
            return current
        kept = Kept(archive_name(version, datetime.now(UTC)), current.archive if current else "")
        blob = self._bucket.blob(kept.archive)
        # With what was before it, so that it can be put back as it was.
        blob.metadata = {"before": kept.before}
        blob.upload_from_string(pack(files), content_type="application/zip", if_generation_match=0)
        return kept

    def kept(self, archive: str) -> tuple[Kept, dict[str, bytes]]:
        """Return a release that is kept, with its files.

        Raises:
            CommandError: When it is not there any more.
        """
        blob: Blob | None = self._bucket.get_blob(archive)
        if blob is None:
            raise CommandError(
                f"gs://{self.name}/{archive} is not there any more: release an older commit instead"
            )
        return Kept(archive, (blob.metadata or {}).get("before", "")), unpack(blob.download_as_bytes())

    def put(self, kept: Kept, files: Files, todo: Changes) -> None:
        """Make the bucket equal to a release.

        Raises:
            CommandError: When somebody else changes the bucket meanwhile.
        """
        try:
            # First: of a release that is interrupted, a rollback leads to the one before it.
            self._write(_CURRENT, json.dumps(asdict(kept)).encode(), self._generation)
            for name in todo.written:
                self._write(name, files[name], self._generations.get(name, 0))
            for name in todo.deleted:
                self._bucket.blob(name).delete(if_generation_match=self._generations[name])
        except (NotFound, PreconditionFailed) as error:
            raise CommandError("somebody else changes the bucket: run it again when that is done") from error

    def _write(self, name: str, content: bytes, generation: int) -> None:
        """Write an object, if it is still the one that was seen."""
        kind = "application/json" if name == _CURRENT else "text/plain; charset=utf-8"
        self._bucket.blob(name).upload_from_string(content, content_type=kind, if_generation_match=generation)

    def _objects(self) -> Iterator[Any]:
        for folder in _FOLDERS:
            yield from self._client.list_blobs(self._bucket, prefix=folder)

    def _read(self, name: str) -> bytes | None:
        blob = self._bucket.get_blob(name)
        return bytes(blob.download_as_bytes()) if blob else None
