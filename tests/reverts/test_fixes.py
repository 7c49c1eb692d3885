"""The table of fixes is about what is in the project."""

from __future__ import annotations

import ast
import tomllib

import pytest

from tests.reverts.fixes import REPO, Fix, all_fixes

FIXES = all_fixes()
# What issues name, and what was found since.
GROUPS = {
    "merge", "variables", "nested column", "ifGenerationMatch", "jobs", "maximumBytesBilled", "requirePartitionFilter",
    "loads", "silence", "edge", "envelopes", "encodings", "forgotten", "roles", "receiver", "decimals", "rejects",
}  # fmt: skip


def test_each_group_is_there_and_no_name_stands_twice() -> None:
    assert {fix.name.partition(":")[0] for fix in FIXES} == GROUPS
    assert len({fix.name for fix in FIXES}) == len(FIXES)


@pytest.mark.parametrize("fix", FIXES, ids=lambda fix: fix.name)
def test_the_text_of_a_fix_stands_once_in_its_file(fix: Fix) -> None:
    text = (REPO / fix.file).read_text(encoding="utf-8")
    reverted = fix.reverted(text)
    assert reverted != text
    if fix.file.endswith(".py"):
        ast.parse(reverted)
    if fix.file.endswith(".toml"):
        tomllib.loads(reverted)


@pytest.mark.parametrize("fix", FIXES, ids=lambda fix: fix.name)
def test_the_tests_of_a_fix_are_there(fix: Fix) -> None:
    assert fix.tests
    for test in fix.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((REPO / file).read_text(encoding="utf-8"))
        assert name.partition("[")[0] in {
            node.name for node in tree.body if isinstance(node, ast.FunctionDef)
        }


def test_each_role_of_each_account_is_taken_away() -> None:
    accounts = tomllib.loads((REPO / "local" / "strict_front" / "accounts.toml").read_text(encoding="utf-8"))
    for account, places in accounts.items():
        for role in (role for roles in places.values() for role in roles):
            (fix,) = [fix for fix in FIXES if fix.name == f"roles: {account} has {role}"]
            text = (REPO / fix.file).read_text(encoding="utf-8")
            left = tomllib.loads(fix.reverted(text))
            assert left[account] == {
                place: [one for one in roles if one != role] for place, roles in places.items()
            }
            assert {name: value for name, value in left.items() if name != account} == {
                name: value for name, value in accounts.items() if name != account
            }


def test_a_text_that_is_gone_or_stands_twice_is_told() -> None:
    fix = Fix("x", "a file", "now", "before", ())
    for text in ("", "now now"):
        with pytest.raises(ValueError, match="times in a file"):
            fix.reverted(text)
