"""The accounts of the strict front have the roles that the documents give, no more and no less."""

from __future__ import annotations

import re
import tomllib
from typing import Final

from tests.strict_front.asking import REPO

ACCOUNTS: Final = tomllib.loads(
    (REPO / "local" / "strict_front" / "accounts.toml").read_text(encoding="utf-8")
)
_ROLE: Final = r"roles/[\w.]+"


def text(*path: str) -> str:
    return REPO.joinpath(*path).read_text(encoding="utf-8").replace("\\\n", " ")


def roles_of(account: str, *places: str) -> set[str]:
    return {role for place in places for role in ACCOUNTS[account].get(place, ())}


def test_the_accounts_are_these() -> None:
    assert set(ACCOUNTS) == {"airflow", "setup", "receiver", "reader"}


def test_airflows_account_has_what_its_page_gives() -> None:
    page = text("docs", "operations.md")
    table = dict(re.findall(rf"^\| `({_ROLE})` \| ([^|]+) \|", page, re.MULTILINE))
    (given,) = re.findall(r"^for ROLE in ((?:roles/\S+ ?)+); do$", page, re.MULTILINE)
    for account in ("airflow", "setup"):
        assert roles_of(account, "project") == set(given.split())
        assert roles_of(account, "project", "elsewhere") == set(table)
        assert set(ACCOUNTS[account]) == {"project", "elsewhere"}
    assert all(table[role] == "project" for role in given.split())


def test_the_receivers_account_has_what_its_page_gives() -> None:
    page = text("webhook", "README.md")
    bound = re.findall(
        rf'gcloud ([a-z ]+) add-iam-policy-binding (\S+)\s+--member "serviceAccount:\$ACCOUNT" --role ({_ROLE})',
        page,
    )
    assert len(bound) == len(re.findall(r'--member "serviceAccount:\$ACCOUNT"', page))
    on_buckets = {
        role for kind, name, role in bound if kind == "storage buckets" and name.endswith("-webhook")
    }
    assert on_buckets == roles_of("receiver", "webhook_bucket")
    assert {role for *_, role in bound} == roles_of("receiver", "webhook_bucket", "elsewhere")
    assert set(ACCOUNTS["receiver"]) == {"webhook_bucket", "elsewhere"}


def test_a_reader_has_what_the_page_of_the_report_gives() -> None:
    page = text("docs", "looker-studio.md")
    on_project = set(re.findall(rf"projects add-iam-policy-binding .*--role=({_ROLE})", page))
    on_reports = set(re.findall(rf"GRANT `({_ROLE})` ON SCHEMA `my-project\.z316_tiny_relatorios`", page))
    assert on_project == roles_of("reader", "project")
    assert on_reports == roles_of("reader", "report_dataset")
    assert set(ACCOUNTS["reader"]) == {"project", "report_dataset"}
