"""Which fields Tiny's answers have: what is new, what has another kind of value, and what no longer comes."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tiny_operators.orders.json_values import path_name
from tiny_operators.tiny.containers import parts

# A field is missed when so many records came without it that chance would need a one-in-a-million run of luck:
# (1 - share)**records < 1e-6, and 14 > ln 1e6.
_MISSED_BY_SHARES: Final = 14
_KNOWN_WELL: Final = 20


@dataclass
class KnownField:
    """What is known of one field.

    Attributes:
        first_seen: The day of the first record that had it (YYYY-MM-DD).
        kinds: Kinds of value that it had: ``text``, ``number``, ``boolean``, ``list``, ``object``; nothing has none.
        seen: Records that had it.
        records: Records of its answers since it was first seen, up to the last that had it.
        missed: Records since then.
        reported: Whether its absence was reported.
    """

    first_seen: str
    kinds: list[str] = field(default_factory=list)
    seen: int = 0
    records: int = 0
    missed: int = 0
    reported: bool = False

    @property
    def is_missed(self) -> bool:
        """Whether it should have come by now."""
        return self.seen >= _KNOWN_WELL and self.missed * self.seen > _MISSED_BY_SHARES * self.records


@dataclass(frozen=True)
class FieldNews:
    """What a batch of records shows that was not known.

    Attributes:
        new: Paths of fields that were not seen before, such as ``pdv.itens.novo``.
        kinds: Paths with a kind of value that they did not have before, as ``pdv.itens.valor:number``.
        missed: Paths of fields that no longer come.
    """

    new: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


@dataclass
class FieldCounts:
    """The fields of a batch of records.

    Attributes:
        records: Records by answer, as ``pdv``.
        seen: Records that have a field, by path.
        kinds: Path and kind of each value that is not nothing.
        unknown: Paths that the tables have no column for.
    """

    records: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    kinds: set[tuple[str, str]] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def add(self, answer: str, record: dict[str, Any]) -> None:
        """Count the fields of one record.

        Args:
            answer: What it is an answer about: the first part of its paths.
            record: The record.
        """
        seen = set[str]()
        self.records[answer] += 1
        _look(record, f"{answer}.", seen, self.kinds)
        self.seen.update(seen)

    def add_counts(self, other: FieldCounts) -> None:
        """Add counts from elsewhere."""
        self.records.update(other.records)
        self.seen.update(other.seen)
        self.kinds |= other.kinds
        self.unknown |= other.unknown


def _look(record: dict[str, Any], path: str, seen: set[str], kinds: set[tuple[str, str]]) -> None:
    """Add each field of a record, and of the records in it; and the kind of its value, unless it is nothing.

    A name that may be somebody's value is a star: paths are logged. A record in a list has the list's path. The shape
    in which Tiny writes the list does not matter. Nothing is null, or text without letters.

    Args:
        record: The record.
        path: Prefix of the names, with its dot.
        seen: Where to add the fields.
        kinds: Where to add the kinds.
    """
    for name, value in record.items():
        field_path = path + path_name(name)
        seen.add(field_path)
        if isinstance(value, str):
            if value.strip():
                kinds.add((field_path, "text"))
            continue
        if kind := _kind(value):
            kinds.add((field_path, kind))
        if isinstance(value, dict | list):
            for part in parts(value):
                _look(part, f"{field_path}.", seen, kinds)


def learn(
    known: dict[str, KnownField], batch: FieldCounts, day: str
) -> tuple[dict[str, KnownField], FieldNews]:
    """Return what is known after a batch, and what was not known before.

    The first batch of all shows what exists: of its fields only those are news that the tables have no column for.

    Args:
        known: Known fields by path.
        batch: The batch.
        day: Today (YYYY-MM-DD).
    """
    after = deepcopy(known)
    new = sorted(path for path in batch.seen if path not in known)
    for path in new:
        after[path] = KnownField(day)
    missed = []
    for path, item in after.items():
        records, seen = batch.records[path.partition(".")[0]], batch.seen[path]
        if seen:
            item.records += item.missed + records
            item.seen, item.missed, item.reported = item.seen + seen, 0, False
        else:
            item.missed += records
        if item.is_missed and not item.reported:
            item.reported = True
            missed.append(path)
    kinds = [(path, kind) for path, kind in sorted(batch.kinds) if kind not in after[path].kinds]
    others = [f"{path}:{kind}" for path, kind in kinds if after[path].kinds]
    for path, kind in kinds:
        after[path].kinds.append(kind)
    reported = new if known else sorted(batch.unknown.intersection(new))
    return after, FieldNews(tuple(reported), tuple(others), tuple(sorted(missed)))


def to_json(known: dict[str, KnownField]) -> dict[str, Any]:
    """Convert known fields to JSON values."""
    return {path: asdict(item) for path, item in sorted(known.items())}


def from_json(content: dict[str, Any] | None) -> dict[str, KnownField]:
    """Read known fields from :func:`to_json`; none from None. Paths in which a name may be a value are left out."""
    return {
        path: KnownField(**item)
        for path, item in (content or {}).items()
        if all(name in {"*", path_name(name)} for name in path.split("."))
    }


def _kind(value: Any) -> str:
    """Name the kind of what is no text."""
    match value:
        case None:
            return ""
        case bool():
            return "boolean"
        case list():
            return "list" if value else ""
        case dict():
            return "object"
        case _:
            return "number"
