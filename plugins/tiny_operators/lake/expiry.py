"""Which objects of a store's API bucket Cloud Storage deletes by itself, and when: the bucket's lifecycle rules.

The rules are in the form of Cloud Storage's API (https://cloud.google.com/storage/docs/lifecycle). Objects that are
in use have none: what waits, what is remembered between runs, and the customers' key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tiny_operators.lake.names import PEOPLE
from tiny_operators.stores import Store

Rule = dict[str, Any]

# Answers about orders and done webhooks; folders of the older layout begin with the moment of the arrival.
_RAW: Final = ("raw/pdv/", "webhook/", "20")
# What answers about orders refer to was read before them: it stays a month longer, so that no order lacks a part.
_REFERRED: Final = ("raw/pesquisa/", "raw/produto/")
_LONGER_DAYS: Final = 31
_REJECTS: Final = ("rejected/",)
# Requests about a person, and what is given to them. A run deletes its request; this is for what stays behind.
_PEOPLE: Final = (PEOPLE,)
_PEOPLE_DAYS: Final = 7


def expiry_rules(store: Store, dags: Iterable[str]) -> list[Rule]:
    """Return the rules that delete what a store does not keep.

    Args:
        store: The store.
        dags: The DAGs of a store, without its prefix: each has folders of its runs.
    """
    rows = ("rows/", *(f"runs/{store.prefix}_{dag}_" for dag in dags))
    referred_days = store.keep_raw_days + _LONGER_DAYS if store.keep_raw_days else 0
    ages = (
        (store.keep_rows_days, rows),
        (store.keep_raw_days, _RAW),
        (referred_days, _REFERRED),
        (store.keep_rejects_days, _REJECTS),
        (_PEOPLE_DAYS, _PEOPLE),
    )
    return [
        {"action": {"type": "Delete"}, "condition": {"age": days, "matchesPrefix": list(prefixes)}}
        for days, prefixes in ages
        if days
    ]


def with_expiry(there: Sequence[Mapping[str, Any]], wanted: Sequence[Rule]) -> list[Rule] | None:
    """Return a bucket's rules with the wanted ones in the place of older ones; None when nothing has to change.

    Rules about other objects, or that do something else than delete, stay: a person set them.
    """
    kept = [dict(rule) for rule in there if not _is_ours(rule)]
    ours = [dict(rule) for rule in there if _is_ours(rule)]
    return None if _sorted(ours) == _sorted(wanted) else [*kept, *wanted]


def _is_ours(rule: Mapping[str, Any]) -> bool:
    condition = rule.get("condition", {})
    prefixes = condition.get("matchesPrefix") or []
    ours = (*_RAW, *_REFERRED, *_REJECTS, *_PEOPLE, "rows/")
    return (
        rule.get("action", {}).get("type") == "Delete"
        and set(condition) == {"age", "matchesPrefix"}
        and all(prefix in ours or prefix.startswith("runs/") for prefix in prefixes)
    )


def _sorted(rules: Sequence[Rule]) -> list[tuple[int, list[str]]]:
    return sorted(
        (int(rule["condition"]["age"]), sorted(rule["condition"]["matchesPrefix"])) for rule in rules
    )
