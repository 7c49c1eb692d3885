"""What the pages for people say of the repository is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from deploy.release.__main__ import SCHEDULED

REPO = Path(__file__).resolve().parents[1]
DOCS = sorted((REPO / "docs").glob("*.md"))
PAGES = [
    *sorted(REPO.glob("*.md")),
    *DOCS,
    REPO / "deploy" / "README.md",
    REPO / "deploy" / "ci" / "README.md",
    REPO / "webhook" / "README.md",
    *sorted((REPO / "local").glob("*/README.md")),
]
_NAMED = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")
_LINKED = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_ANCHORED = re.compile(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MODULE = re.compile(r"`([\w./]+\.py)`")


def named_tests(page: Path) -> set[tuple[str, str]]:
    """Files and functions of tests that a page names; an empty name for the file alone."""
    return set(_NAMED.findall(page.read_text(encoding="utf-8")))


def functions_of(file: Path) -> set[str]:
    """Functions of a file, those of its classes too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def anchors(page: Path) -> set[str]:
    """What a link to a heading of a page may end with, as GitHub makes it."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)}


def name_of(page: Path) -> str:
    return str(page.relative_to(REPO))


@pytest.mark.parametrize("page", ["validation.md", "promises.md"])
def test_pages_name_tests(page: str) -> None:
    assert named_tests(REPO / "docs" / page)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    for file, name in named_tests(page):
        assert (REPO / file).is_file(), file
        assert not name or name in functions_of(REPO / file), f"{file}::{name}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_links_is_there(page: Path) -> None:
    missing = [
        link
        for link in _LINKED.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_heading_that_a_page_links_is_there(page: Path) -> None:
    missing = [
        f"{file}#{anchor}"
        for file, anchor in _ANCHORED.findall(page.read_text(encoding="utf-8"))
        if anchor not in anchors(page.parent / file if file else page)
    ]
    assert missing == []


def test_every_module_that_the_page_of_validation_names_is_there() -> None:
    named = _MODULE.findall((REPO / "docs" / "validation.md").read_text(encoding="utf-8"))
    homes = (REPO, REPO / "plugins" / "tiny_operators")
    assert named
    assert [name for name in named if not any((home / name).is_file() for home in homes)] == []


def test_the_index_has_every_page() -> None:
    index = (REPO / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {name for name in _LINKED.findall(index) if "/" not in name}
    assert linked == {page.name for page in DOCS} - {"README.md"}


@pytest.mark.parametrize(
    ("page", "lists"), [("operations.md", 1), ("several-stores.md", 1), ("airflow-2-to-3.md", 2)]
)
def test_pages_unpause_the_dags_that_a_release_names(page: str, lists: int) -> None:
    text = (REPO / "docs" / page).read_text(encoding="utf-8")
    found = re.findall(r"^(?:for DAG in |4\. Unpause )([^;]+?)(?:; do|, and give)", text, re.MULTILINE)
    assert [tuple(re.findall(r"(?:z316|b2)_(\w+)", line)) for line in found] == [SCHEDULED] * lists


def test_the_page_of_validation_has_every_check() -> None:
    text = (REPO / "docs" / "validation.md").read_text(encoding="utf-8")
    checks = {path.name for path in (REPO / "include" / "sql" / "checks").glob("*.sql")}
    assert set(re.findall(r"\]\(\.\./include/sql/checks/(\w+\.sql)\)", text)) == checks
