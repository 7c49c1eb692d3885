"""Dataclasses from the JSON objects of the bucket, which another version of the code may have written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Record = TypeVar("_Record", bound="DataclassInstance")


def from_json(cls: type[_Record], content: Mapping[str, Any]) -> _Record:
    """Build a record from an object's fields; ignore fields that this version does not know.

    A newer version may have written more fields: its objects stay readable after a step back to an older version.

    Args:
        cls: The dataclass.
        content: The object.

    Raises:
        TypeError: When a field is missing that has no default.
    """
    return cls(**{name: content[name] for name in _names(cls) if name in content})


@cache
def _names(cls: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))
