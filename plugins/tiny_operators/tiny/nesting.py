"""How deeply parsed JSON is nested. Whatever is within the bound may be gone through level by level."""

from __future__ import annotations

from typing import Final

# Tiny's own answers have ten. Python stops at some hundreds, BigQuery's JSON columns at 500.
MOST_LEVELS: Final = 100


def is_too_deep(value: object, levels: int = MOST_LEVELS) -> bool:
    """Return whether objects and lists are nested in one another more often than allowed."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
