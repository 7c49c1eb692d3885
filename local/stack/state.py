"""What a running stack remembers on disk, so that any later process can ask, stop or clean it up."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.stack.exports import write_private
from local.stack.part import Health, Part


@dataclass(frozen=True)
class State:
    """A started stack.

    Attributes:
        home: State folder.
        airflow: Airflow's version.
        short_dir: Folder with a short path, for unix sockets: these allow a hundred characters or so.
        parts: The parts, in the order of their start.
        environments: All variables of each part's process.
        exports: What the env file sets.
        replaced: Parts that something else stands in for, with the variable that names it.
    """

    home: Path
    airflow: str
    short_dir: Path
    parts: tuple[Part, ...]
    environments: Mapping[str, Mapping[str, str]]
    exports: Mapping[str, str]
    replaced: Mapping[str, str]

    def save(self) -> None:
        """Write the state; only its owner can read it, as it holds the environment with its connections."""
        value = asdict(self) | {"home": str(self.home), "short_dir": str(self.short_dir)}
        write_private(state_file(self.home), json.dumps(value, indent=1))

    @classmethod
    def load(cls, home: Path) -> State | None:
        """Read the state of the stack in a folder; None when none was started, or it was stopped."""
        path = state_file(home)
        if not path.exists():
            return None
        value: dict[str, Any] = json.loads(path.read_text())
        parts = tuple(_part(part) for part in value.pop("parts"))
        home, short_dir = Path(value.pop("home")), Path(value.pop("short_dir"))
        return cls(home=home, short_dir=short_dir, parts=parts, **value)

    def part(self, name: str) -> Part:
        """Return a part by its name.

        Raises:
            KeyError: There is none of this name.
        """
        return {part.name: part for part in self.parts}[name]

    def forget(self) -> None:
        """Remove the state, after everything has stopped."""
        shutil.rmtree(self.short_dir, ignore_errors=True)
        state_file(self.home).unlink(missing_ok=True)


def state_file(home: Path) -> Path:
    """Return the path of the state."""
    return home / "run" / "stack.json"


def make_short_dir() -> Path:
    """Create a folder for sockets; other users, as Postgres may be one, may pass but not list it."""
    base = "/tmp" if os.access("/tmp", os.W_OK) else None  # noqa: S108  (mkdtemp makes the name unguessable)
    path = Path(tempfile.mkdtemp(prefix="z316-", dir=base))
    path.chmod(0o711)
    return path


def log_file(home: Path, part: str) -> Path:
    """Return the path of a part's log."""
    return home / "logs" / f"{part}.log"


def last_lines(path: Path, count: int) -> str:
    """Return the end of a text file, indented; a note when there is none."""
    if not path.exists():
        return f"    (no log at {path})"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        lines = file.read().decode(errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines) or f"    ({path} is empty)"


def _part(value: dict[str, Any]) -> Part:
    health = Health(**value.pop("health"))
    argv, ports, remove = (tuple(value.pop(key)) for key in ("argv", "ports", "remove"))
    return Part(argv=argv, ports=ports, remove=remove, health=health, **value)
