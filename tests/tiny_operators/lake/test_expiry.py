"""Which objects expire, by settings; and what becomes of rules that a person set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tiny_operators.lake import names
from tiny_operators.lake.buckets import Rule, expiry_rules, with_expiry
from tiny_operators.stores import Store, dag_kinds, load_stores

KEY = "z316_daily_0123456789ab"
DAY = "2026-11-26"
ROWS = [names.rows_object("pdv", KEY), names.plan_object(KEY), names.date_plan_object(KEY, DAY)]
ORDERS = [
    names.raw_orders_object("r", DAY, 0),
    names.done_object("a.json", 1, DAY),
    f"{names.older_layout_prefix(DAY)}101500-17-uuid/z316-tiny-api-17-pdv.json",
]
REFERRED = [names.raw_search_object(KEY, DAY, "u"), names.raw_product_object(DAY, 1)]
REJECTS = [names.rejected_object("a.json", 1, DAY), names.rejects_object(KEY, DAY)]
IN_USE = [
    names.customer_key_object("z316"),
    names.forgotten_key_object("z316"),
    names.forgotten_object("z316"),
    names.account_object("z316"),
    names.blanked_object("z316"),
    names.fields_object("z316"),
    names.listed_elsewhere_object("z316", DAY),
    names.waiting_files_object("z316"),
    names.silent_products_object("z316"),
    names.silent_dates_object("z316"),
    names.live_waits_object("z316"),
]


def store(**settings: Any) -> Store:
    return replace(load_stores()[0], **settings)


def age(rules: list[Rule], name: str) -> int | None:
    """After how many days an object is deleted, as Cloud Storage reads the rules."""
    ages = [r["condition"]["age"] for r in rules if name.startswith(tuple(r["condition"]["matchesPrefix"]))]
    return min(ages, default=None)


@pytest.mark.parametrize("raw", [0, 31, 2192])
@pytest.mark.parametrize("rejects", [0, 31, 365])
def test_each_object_goes_by_its_own_setting(raw: int, rejects: int) -> None:
    rules = expiry_rules(store(keep_raw_days=raw, keep_rejects_days=rejects, keep_rows_days=45), dag_kinds())
    assert {age(rules, name) for name in ROWS} == {45}
    assert {age(rules, name) for name in ORDERS} == {raw or None}
    # No order that is there lacks a part that it refers to.
    assert {age(rules, name) for name in REFERRED} == {raw + 31 if raw else None}
    assert {age(rules, name) for name in REJECTS} == {rejects or None}
    assert {age(rules, name) for name in IN_USE} == {None}


def test_by_default_only_what_can_be_made_again_goes() -> None:
    rules = expiry_rules(load_stores()[0], dag_kinds())
    assert {age(rules, name) for name in ROWS} == {90}
    assert {age(rules, name) for name in (*ORDERS, *REFERRED, *REJECTS, *IN_USE)} == {None}


def test_the_dags_are_found_beside_the_package() -> None:
    assert {"daily", "webhook", "retention"} <= set(dag_kinds())


THEIRS: list[Rule] = [
    {
        "action": {"type": "SetStorageClass", "storageClass": "NEARLINE"},
        "condition": {"age": 90, "matchesPrefix": ["raw/", "webhook/"]},
    },
    {"action": {"type": "Delete"}, "condition": {"age": 5, "matchesPrefix": ["mine/"]}},
    {"action": {"type": "Delete"}, "condition": {"age": 5, "matchesPrefix": ["raw/pdv/"], "isLive": False}},
]


@pytest.mark.parametrize("place", [0, 1, 3])
def test_rules_of_others_stay_and_older_ones_of_ours_go(place: int) -> None:
    before = expiry_rules(store(keep_raw_days=2192, keep_rejects_days=365), dag_kinds())
    wanted = expiry_rules(store(keep_rejects_days=400), dag_kinds())
    there = [*THEIRS[:place], *before, *THEIRS[place:]]
    assert with_expiry(there, wanted) == [*THEIRS, *wanted]
    assert with_expiry([*THEIRS, *wanted], wanted) is None
    assert with_expiry([*reversed(wanted), *THEIRS], wanted) is None
    assert with_expiry([*THEIRS, *before], []) == THEIRS
