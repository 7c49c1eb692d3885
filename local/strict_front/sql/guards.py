"""What can only be known when a script runs is added to it, for the emulator to run too: sizes, partitions, matches."""

from __future__ import annotations

from typing import Any, Final

from local.strict_front.sql import googlesql, partitions, types
from local.strict_front.sql.catalog import Scope

# https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#declare
VARIABLE: Final = 1_048_576
VARIABLES: Final = 10 * VARIABLE


class Guards:
    """Texts to be added to a script, by their places.

    Args:
        script: The script.

    Attributes:
        count: The query that counts the partitions which the last statement will change that changes any.
        in_script: Whether something was added that only a script can have.
    """

    def __init__(self, script: bytes) -> None:
        self._script = script
        self._added: list[tuple[int, str]] = []
        self.count: str | None = None
        self.in_script = False

    def variables(self, place: int, names: list[str], scope: Scope) -> None:
        """Look at the sizes of variables that have just been set.

        Args:
            place: Where the statement ends that set them.
            names: Their names.
            scope: What stands around it.
        """
        sizes = {
            name: types.size(f"`{name}`", kind)
            for name, kind in scope.variables.items()
            if kind is not None and not types.is_fixed(kind)
        }
        checks = [
            _raise(f"{sizes[name.lower()]} > {VARIABLE}", f"The script variable {name} is larger than 1 MB")
            for name in names
            if name.lower() in sizes
        ]
        if checks and len(sizes) * VARIABLE > VARIABLES:
            checks.append(
                _raise(
                    f"{' + '.join(sizes.values())} > {VARIABLES}",
                    "The script variables are larger than 10 MB in all",
                )
            )
        self._added += [(place, f"; {check}") for check in checks]

    def partitions(self, node: Any, scope: Scope) -> None:
        """Count the partitions that a statement will change, by its node in the syntax tree."""
        if count := partitions.count(node, self._script, scope):
            self.count = count.partitions
            check = _raise(f"({count.partitions}) > {partitions.MOST}", partitions.MESSAGE)
            if count.rows:
                check = f"IF ({count.rows}) > {partitions.MOST} THEN {check}; END IF"
            self._added.append((googlesql.place(node)[0], f"{check}; "))

    def bracket(self, start: int, end: int) -> None:
        """Put brackets around the value of a variable that the emulator would take for a loop, and skip.

        Args:
            start: Where the value begins.
            end: Where it ends.
        """
        if self._script[start:end].upper().startswith(b"REPEAT"):
            self._added += [(start, "("), (end, ")")]
            self.in_script = True

    def matches(self, node: Any) -> None:
        """Look whether a statement matches a row of its table with several others."""
        if query := partitions.twice(node, self._script):
            check = _raise(f"EXISTS ({query}\n)", partitions.MATCHES_MESSAGE)
            self._added.append((googlesql.place(node)[0], f"{check}; "))
            self.in_script = True

    def script(self) -> str:
        """Return the script with what was added, each in the line that it belongs to."""
        found = self._script
        for place, text in sorted(self._added, key=lambda added: added[0], reverse=True):
            found = found[:place] + text.encode() + found[place:]
        return found.decode()


def _raise(condition: str, message: str) -> str:
    return f"IF {condition} THEN RAISE USING MESSAGE = '{message}'; END IF"
