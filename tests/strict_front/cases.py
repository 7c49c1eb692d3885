"""Tables that statements are about, and how a rule about SQL is asked: by what is refused, and what beside it is taken."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.strict_front.asking import DATASET, Rules

ITEM: dict[str, Any] = {
    "name": "itens",
    "type": "RECORD",
    "mode": "REPEATED",
    "fields": [{"name": "produto", "type": "INTEGER"}, {"name": "valor", "type": "NUMERIC"}],
}
FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
    {"name": "s", "type": "STRING"},
    {"name": "n", "type": "NUMERIC"},
    {"name": "d", "type": "DATE"},
    {"name": "ts", "type": "TIMESTAMP"},
    {"name": "j", "type": "JSON"},
    ITEM,
]
WIDER: dict[str, Any] = {**ITEM, "fields": [*ITEM["fields"], {"name": "novo", "type": "STRING"}]}


def resource(fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "TABLE", "schema": {"fields": fields}, **more}


TABLES = {
    f"{DATASET}.t": resource(FIELDS),
    f"{DATASET}.u": resource(FIELDS),
    f"{DATASET}.days": resource(FIELDS, timePartitioning={"type": "DAY", "field": "d"}),
    f"{DATASET}.wider": resource([*FIELDS[:-1], WIDER]),
    f"{DATASET}.v": resource(FIELDS[:3], type="VIEW"),
}


class Case(NamedTuple):
    """A statement that is refused, what is said of it, and one like it that is taken."""

    bad: str
    message: str
    good: str = "SELECT 1"

    def ask(self, rules: Rules) -> None:
        """Hold both statements against the rules."""
        answer = rules(self.bad, TABLES)
        assert self.message in answer.message
        assert answer.refusal
        assert answer.refusal["source"].startswith("https://cloud.google.com/bigquery/")
        assert rules(self.good, TABLES).refusal is None


def all_of(*kinds: dict[str, Case]) -> dict[str, Case]:
    """The cases of several kinds, by their names, of which none stands twice."""
    found = {name: case for kind in kinds for name, case in kind.items()}
    assert len(found) == sum(map(len, kinds))
    return found
