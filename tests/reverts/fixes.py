"""The fixes that `make test-reverts` takes back, each with the tests that find it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

REPO: Final = Path(__file__).resolve().parents[2]
_ACCOUNTS: Final = "local/strict_front/accounts.toml"
_AGREES: Final = "tests/strict_front/test_accounts.py"
_MAY: Final = "tests/strict_front/test_rights.py::test_an_account_may_what_its_roles_say"
_PAGES: Final = {
    "airflow": f"{_AGREES}::test_airflows_account_has_what_its_page_gives",
    "setup": f"{_AGREES}::test_airflows_account_has_what_its_page_gives",
    "receiver": f"{_AGREES}::test_the_receivers_account_has_what_its_page_gives",
    "reader": f"{_AGREES}::test_a_reader_has_what_the_page_of_the_report_gives",
}
# For services that the front does not stand before: no request can show that they are needed.
_ELSEWHERE: Final = "elsewhere"
_IN_VAIN: Final = "roles/storage.admin"


@dataclass(frozen=True)
class Fix:
    """Something that was wrong once.

    Attributes:
        name: Its group, and what is right now.
        file: Where it stands.
        now: The text as it is; it stands there once.
        before: The text as it was.
        tests: Each of them must fail when the old text is back.
        own_stack: Whether the programs of the stack must run the old text.
    """

    name: str
    file: str
    now: str
    before: str
    tests: tuple[str, ...]
    own_stack: bool = False

    def reverted(self, text: str) -> str:
        """The file's text with the old text in it.

        Raises:
            ValueError: The new one does not stand there once.
        """
        if (times := text.count(self.now)) != 1:
            raise ValueError(f"its text stands {times} times in {self.file}")
        return text.replace(self.now, self.before)


def all_fixes() -> list[Fix]:
    """All of them: those of the table, and each role of each account."""
    table = tomllib.loads(Path(__file__).with_name("fixes.toml").read_text(encoding="utf-8"))
    listed = [Fix(**{**one, "tests": tuple(one["tests"])}) for one in table["fix"]]
    return [*listed, *_roles((REPO / _ACCOUNTS).read_text(encoding="utf-8"))]


def _roles(text: str) -> Iterator[Fix]:
    """Each role of each account taken away, and one given in vain to each account that has roles on the project."""
    for account, places in tomllib.loads(text).items():
        section = _section(text, account)
        for place, role in _given(places):
            without = section.replace(f'"{role}"', "", 1).replace("[, ", "[").replace(", ]", "]")
            tests = (_PAGES[account],) if place == _ELSEWHERE else (_PAGES[account], _MAY)
            yield Fix(f"roles: {account} has {role}", _ACCOUNTS, section, _tidy(without), tests)
        if "project" in places:
            more = section.replace("project = [", f'project = ["{_IN_VAIN}", ', 1)
            yield Fix(
                f"roles: {account} has no {_IN_VAIN}", _ACCOUNTS, section, more, (_PAGES[account], _MAY)
            )


def _given(places: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for place, roles in places.items():
        for role in roles:
            yield place, role


def _section(text: str, account: str) -> str:
    start = text.index(f"[{account}]")
    end = text.find("\n[", start + 1)
    return text[start:] if end < 0 else text[start : end + 1]


def _tidy(section: str) -> str:
    """TOML takes no comma without a value before it."""
    lines = section.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith(","))
