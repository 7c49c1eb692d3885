"""What the front remembers because no emulator does: places of buckets and jobs, and the jobs that it refused."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any


class Memory:
    """Values by their key, kept in a file: they live as long as what the emulators keep.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._values = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # What is lost in a power cut is lost, as in the emulators.
        self._values.execute("PRAGMA journal_mode = WAL")
        self._values.execute("PRAGMA synchronous = OFF")
        self._values.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL)")

    def get(self, *key: str) -> Any:
        """Return a value; None when there is none."""
        found = self._values.execute("SELECT value FROM kept WHERE key = ?", [json.dumps(key)]).fetchone()
        return json.loads(found[0]) if found else None

    def put(self, *key: str, value: Any) -> None:
        """Keep a value."""
        row = [json.dumps(key), json.dumps(value)]
        self._values.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", row)

    def forget(self, *key: str) -> None:
        """Drop a value, if it is there."""
        self._values.execute("DELETE FROM kept WHERE key = ?", [json.dumps(key)])
