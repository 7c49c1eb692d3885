"""What the pages for people say of the repository is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
PAGES = [REPO / "README.md", *sorted((REPO / "docs").glob("*.md"))]
_NAMED = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")
_LINKED = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def named_tests(page: Path) -> set[tuple[str, str]]:
    """Files and functions of tests that a page names; an empty name for the file alone."""
    return set(_NAMED.findall(page.read_text(encoding="utf-8")))


def functions_of(file: Path) -> set[str]:
    """Functions of a file, those of its classes too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_pages_name_tests() -> None:
    assert named_tests(REPO / "docs" / "validation.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    for file, name in named_tests(page):
        assert (REPO / file).is_file(), file
        assert not name or name in functions_of(REPO / file), f"{file}::{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_is_there(page: Path) -> None:
    missing = [
        link
        for link in _LINKED.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert missing == []


def test_the_page_of_validation_has_every_check() -> None:
    text = (REPO / "docs" / "validation.md").read_text(encoding="utf-8")
    checks = {path.name for path in (REPO / "include" / "sql" / "checks").glob("*.sql")}
    assert set(re.findall(r"\]\(\.\./include/sql/checks/(\w+\.sql)\)", text)) == checks
