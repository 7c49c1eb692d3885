"""What belongs to a release, where it goes, and what of it differs from what is there."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

VERSION: Final = "dags/include/version.txt"
"""Says which release the code is."""

# Files that other DAGs of the environment may need as well: they get our lines, and lose none.
_SHARED: Final = {"dags/.airflowignore": "include/", "plugins/.airflowignore": "tiny_operators/"}
# What is ours alone in the bucket, so that what a release no longer has is deleted there.
_OURS: Final = ("dags/tiny_*.py", "dags/include/*", "plugins/tiny_operators/*", "plugins/tiny_plugin.py")
_SKIPPED: Final = ("__pycache__", ".pyc", ".DS_Store")
# An archive is the same for the same files.
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)

Files = Mapping[str, bytes]
"""Contents by the names of objects."""


@dataclass(frozen=True)
class Changes:
    """What a release changes in the bucket, in the order in which it does.

    Attributes:
        written: New and changed objects: first what the DAGs import, last the DAGs.
        deleted: Objects that the release does not have: first DAGs, so that none imports what is gone.
        new: Those of ``written`` that were not there.
    """

    written: tuple[str, ...]
    deleted: tuple[str, ...]
    new: frozenset[str]

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.written or self.deleted)

    def lines(self) -> Iterator[str]:
        """One line an object."""
        for name in self.written:
            yield f"{'+' if name in self.new else '~'} {name}"
        for name in self.deleted:
            yield f"- {name}"


def release_files(repository: Path, version: str) -> dict[str, bytes]:
    """Return the files of a release, by the names of their objects.

    Args:
        repository: Where ``dags/``, ``plugins/`` and ``include/`` are.
        version: What the release is called.
    """
    found = {name: f"{line}\n".encode() for name, line in _SHARED.items()}
    for folder, target in (("plugins", "plugins"), ("include", "dags/include"), ("dags", "dags")):
        for path in sorted((repository / folder).rglob("*")):
            inner = path.relative_to(repository / folder).as_posix()
            if path.is_file() and not any(part in inner for part in _SKIPPED):
                name = f"{target}/{inner}"
                if name not in _SHARED:
                    found[name] = path.read_bytes()
    found[VERSION] = f"{version}\n".encode()
    return found


def ours(name: str) -> bool:
    """Whether an object is a release's alone."""
    return any(fnmatchcase(name, pattern) for pattern in _OURS)


def is_shared(name: str) -> bool:
    """Whether an object belongs to others as well."""
    return name in _SHARED


def merged(name: str, content: bytes, there: bytes | None) -> bytes:
    """Return the content of a shared file: what is there, with our lines."""
    if there is None or not is_shared(name):
        return content
    lines = there.decode(errors="replace").splitlines()
    missing = [line for line in content.decode().splitlines() if line not in lines]
    return "".join(f"{line}\n" for line in [*lines, *missing]).encode() if missing else there


def changes(files: Files, there: Mapping[str, str]) -> Changes:
    """Return what differs.

    Args:
        files: The release.
        there: MD5 of the objects in the bucket, by name, as Cloud Storage gives it.
    """
    written = [name for name, content in files.items() if there.get(name) != md5(content)]
    deleted = [name for name in there if ours(name) and name not in files]
    # The version last of all: where it stands, the release is whole.
    return Changes(
        tuple(sorted(written, key=lambda name: (_rank(name), name))),
        tuple(sorted(deleted, key=lambda name: (-_rank(name), name))),
        frozenset(name for name in written if name not in there),
    )


def md5(content: bytes) -> str:
    """Return the MD5 of a content, as Cloud Storage gives it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def pack(files: Files) -> bytes:
    """Return an archive of the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), files[name])
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the files of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_name(version: str, now: datetime) -> str:
    """Return the object that keeps a release; later ones sort later."""
    return f"releases/{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{version}.zip"


def version_of(archive: str) -> str:
    """Return the version of a kept release."""
    return PurePosixPath(archive).name.removesuffix(".zip").partition("-")[2]


def counted(found: Iterable[str]) -> str:
    """How many lines of each kind there are."""
    signs = [line[0] for line in found]
    return ", ".join(
        f"{signs.count(sign)} {word}" for sign, word in (("+", "new"), ("~", "changed"), ("-", "gone"))
    )


def _rank(name: str) -> int:
    """Return the place of a file: rules of what to ignore, plugins, what DAGs read, DAGs."""
    if name == VERSION:
        return 4
    if is_shared(name):
        return 0
    if name.startswith("plugins/"):
        return 1
    return 2 if name.startswith("dags/include/") else 3
