"""Answers of Tiny changed at random places: what its quirks, and worse, can make of them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

from tests.tiny_operators.helpers import to_json
from tiny_operators.tiny.answers import Json

Path = tuple[str | int, ...]

_DEPTHS: Final = (3, 30, 150, 450, 900, 3000)
_ODD_NUMBERS: Final = (
    *(
        "9" * 40,
        "-" + "9" * 40,
        "1e400",
        "-1e400",
        "1E-400",
        "1e14",
        "1e15",
        "1e29",
        "99999999999999999999999999999.9999999999",
    ),
    *(
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "1.234.567,89",
        "1,234,567.89",
        "1.234,56",
        "5,",
        ",5",
        "--3",
        "0x10",
        "١٢",
    ),
    *(
        "1_000",
        "1e5",
        "+7",
        "10%",
        "R$ 5,00",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
    ),
)
_ODD_DAYS: Final = (
    *(
        "31/02/2026",
        "00/00/0000",
        "0000-00-00",
        "29/02/2023",
        "1/1/2026",
        "14/03/26",
        "14/03/20266",
        "2026-03-14",
    ),
    *(
        "2026-13-01",
        "14/03/2026 25:61:61",
        "14/03/2026 10:00:00",
        "hoje",
        "01/01/0001",
        "01/01/0000",
        "31/12/9999",
    ),
)
_ODD_TEXTS: Final = (
    *(
        "",
        " ",
        "\t\n",
        "\ud83c",
        "\udc00x",
        "corte \ud83d",
        "\u0000",
        "\u2028\u2029",
        "\u202e",
        "a" * 70_000,
        "</script>",
    ),
    *("null", "true", "[]", "{}", '"', "\\", "é" * 300, "0", "0,00", "N"),
)
_ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 10**40, -(10**40), 2**63, -(2**63) - 1, 2**64, 2**31),
    *(
        Decimal("1E+400"),
        Decimal("-1E+400"),
        Decimal("1E-400"),
        Decimal("0.1"),
        Decimal("12345.123456789012345"),
    ),
    *([], {}, [None], [[]], [{}], {"": ""}, [[["x"]]], {"item": None}, [1, "a", None, {}], {"erro": "Joana"}),
)


class Mutator:
    """Changes answers, the same way for the same seed.

    Args:
        seed: Of all chance.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._kinds: dict[str, Callable[[Any, list[Any]], Any]] = {
            "other spelling": lambda value, _: _other_spelling(value),
            "odd number": lambda value, _: self._dice.choice(_ODD_NUMBERS),
            "odd day": lambda value, _: self._dice.choice(_ODD_DAYS),
            "odd text": lambda value, _: self._dice.choice(_ODD_TEXTS),
            "odd value": lambda value, _: deepcopy(self._dice.choice(_ODD_VALUES)),
            "wrapped": lambda value, _: self._dice.choice([
                [value],
                {"item": value},
                [{"valor": value}],
                [value] * 3,
            ]),
            "deep": lambda value, _: _nested(
                self._dice.choice(_DEPTHS), self._dice.choice(["list", "object"])
            ),
            "swapped": lambda value, others: deepcopy(self._dice.choice(others)),
        }

    def choice(self, among: list[Any]) -> Any:
        """One of several."""
        return self._dice.choice(among)

    def changed(self, answer: Json) -> tuple[Json, str]:
        """A copy of an answer with one to four changes, and what was changed, without values."""
        copy, done = deepcopy(answer), []
        for _ in range(self._dice.randint(1, 4)):
            paths = list(_paths(copy))
            if not paths:
                break
            path = self._dice.choice(paths)
            done.append(f"{self._change(copy, path)} at {'.'.join(map(str, path))}")
        return copy, "; ".join(done)

    def _change(self, answer: Json, path: Path) -> str:
        holder: Any = answer
        for step in path[:-1]:
            holder = holder[step]
        roll = self._dice.random()
        if roll < 0.1:
            holder.pop(path[-1])
            return "gone"
        if roll < 0.2 and isinstance(holder, dict):
            holder[f"novo{self._dice.randint(1, 99)}"] = holder[path[-1]]
            return "new field"
        kind = self._dice.choice(sorted(self._kinds))
        others = [_value(answer, other) for other in _paths(answer) if other != path] or [None]
        holder[path[-1]] = self._kinds[kind](holder[path[-1]], others)
        return kind


def texts(value: Any) -> Iterator[str]:
    """All texts in a value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (*path, name)
        yield from _paths(inner, (*path, name))


def _value(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _other_spelling(value: Any) -> Any:
    """Numbers as text and text as numbers, a list of one as its element, lists for objects and the reverse."""
    match value:
        case str():
            return int(value) if value.isdecimal() else [value]
        case list():
            return value[0] if len(value) == 1 else {str(n): item for n, item in enumerate(value)}
        case dict():
            return list(value.values())
        case _:
            return str(value)


def _nested(depth: int, kind: str) -> str:
    return f"@nested {depth} {kind}@"


def _nesting(found: re.Match[str]) -> str:
    depth = int(found[1])
    return "[" * depth + "1" + "]" * depth if found[2] == "list" else '{"item":' * depth + "1" + "}" * depth


def as_text(answer: Json) -> str:
    """A changed answer as JSON text; what is nested too deeply to be built as a value is written out here."""
    return re.sub('"@nested ([0-9]+) (list|object)@"', _nesting, to_json(answer))
