"""The register of personal data says what the schema files say."""

from __future__ import annotations

import pytest

from local.docs import personal_data as register
from tiny_operators.schemas import RECORDS, TABLES, personal_fields


def test_the_page_is_as_the_schema_files_are() -> None:
    assert register.DOCUMENT.read_text("utf-8") == register.document(), "run make docs"


@pytest.mark.parametrize("table", [*TABLES, *RECORDS])
def test_each_marked_column_has_a_kind_and_a_purpose(table: str) -> None:
    for path, _ in personal_fields(table):
        assert register.kind(path) in register.PURPOSES, path
        assert f"| `{path}` |" in register.document()


def test_no_kind_and_no_purpose_is_left_over() -> None:
    marked = {path.rpartition(".")[2] for table in (*TABLES, *RECORDS) for path, _ in personal_fields(table)}
    assert set(register.KINDS) == marked
    assert set(register.PURPOSES) == set(register.KINDS.values())
