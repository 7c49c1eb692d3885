"""A client of Cloud Storage that sees one folder of a bucket: names begin with it there, and not here.

So the package works in a bucket that it shares, by the same code and with the same names as in one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.cloud.storage import Blob, Bucket, Client


class FolderBucket(Bucket):  # type: ignore[misc]  # the client says nothing about its types
    """A bucket of which one folder is seen.

    Args:
        client: The client.
        name: The bucket.
        folder: What names begin with in the bucket.
    """

    def __init__(self, client: Client, name: str, folder: str) -> None:
        super().__init__(client, name)
        self.folder = folder

    def blob(self, blob_name: str, *arguments: Any, **more: Any) -> Blob:
        """Return an object of the folder."""
        return super().blob(self.folder + blob_name, *arguments, **more)

    def get_blob(self, blob_name: str, *arguments: Any, **more: Any) -> Blob | None:
        """Return an object of the folder, if it exists."""
        return super().get_blob(self.folder + blob_name, *arguments, **more)


class FolderClient:
    """Looks like the client that it is made from, except that objects are those of a folder.

    Args:
        client: The client.
        folder: What names begin with in a bucket.
    """

    def __init__(self, client: Client, folder: str) -> None:
        self._client = client
        self.folder = folder

    def __getattr__(self, name: str) -> Any:
        """Return the client's own attribute for everything that is not about objects."""
        return getattr(self._client, name)

    def bucket(self, name: str) -> FolderBucket:
        """Return a bucket."""
        return FolderBucket(self._client, name, self.folder)

    def list_blobs(self, bucket: Any, prefix: str | None = None, **more: Any) -> Iterator[Blob]:
        """List the objects of the folder; each with its whole name."""
        found: Iterator[Blob] = self._client.list_blobs(bucket, prefix=self.folder + (prefix or ""), **more)
        return found
