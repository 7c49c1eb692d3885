"""The parameter `fields`, by which a request asks for parts of an answer: they are held against the answer's schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_TOKEN: Final = re.compile(r"[\w-]+|[*/(),]|.")


def problem_of_fields(text: str, described: Mapping[str, Any], schemas: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a selection of fields; None when the answer has all of them.

    Source: https://cloud.google.com/storage/docs/json_api#partial-response

    Args:
        text: The selection, as `items(name,owner/entity),nextPageToken`.
        described: The schema of the answer.
        schemas: All schemas of the API by name.
    """
    tokens = _TOKEN.findall(text)
    problem = _problem_of_list(tokens, described, schemas)
    return problem or (f"Invalid field selection {text}" if tokens else None)


def _problem_of_list(
    tokens: list[str], described: Mapping[str, Any], schemas: Mapping[str, Any]
) -> str | None:
    """Take a list of fields from the front of the tokens."""
    while True:
        if problem := _problem_of_one(tokens, described, schemas):
            return problem
        if not _is_next(tokens, ","):
            return None


def _problem_of_one(
    tokens: list[str], described: Mapping[str, Any], schemas: Mapping[str, Any]
) -> str | None:
    """Take a field from the front of the tokens, with what is selected of it."""
    name = tokens.pop(0) if tokens else ""
    inner = _inner(described, name, schemas)
    if inner is None:
        return f"Invalid field selection {name}"
    if _is_next(tokens, "/"):
        return _problem_of_one(tokens, inner, schemas)
    if not _is_next(tokens, "("):
        return None
    problem = _problem_of_list(tokens, inner, schemas)
    if problem is None and not _is_next(tokens, ")"):
        return "Invalid field selection: a bracket is not closed"
    return problem


def _is_next(tokens: list[str], sign: str) -> bool:
    """Take a sign from the front of the tokens, if it is there."""
    if tokens[:1] != [sign]:
        return False
    del tokens[0]
    return True


def _inner(described: Mapping[str, Any], name: str, schemas: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of a field, of a list that of its elements; None where there is no such field."""
    while "$ref" in described or described.get("type") == "array":
        described = schemas[described["$ref"]] if "$ref" in described else described["items"]
    if name == "*":
        return described
    known = described.get("properties", {})
    # What is of any type, or a map, may have every name.
    other = described.get("additionalProperties") or ({} if described.get("type", "any") == "any" else None)
    found: Mapping[str, Any] | None = known.get(name, other)
    return found
