"""Columns to try values on."""

from __future__ import annotations

from typing import Any

from tiny_operators.orders.typed_values import FieldError, to_record
from tiny_operators.schemas import Column


def column(type_: str, *fields: Column, name: str = "campo", repeated: bool = False) -> Column:
    return Column(name, type_, repeated, fields)


NUMERIC, STRING, INTEGER, DATE = (column(type_) for type_ in ("NUMERIC", "STRING", "INTEGER", "DATE"))


def typed(value: object, target: Column) -> Any:
    return to_record({target.name: value}, (target,))[target.name]


def error_of(value: object, target: Column) -> FieldError | None:
    try:
        typed(value, target)
    except FieldError as error:
        return error
    return None


def refused(value: object, target: Column) -> FieldError:
    error = error_of(value, target)
    assert error is not None, "the value was taken"
    return error
