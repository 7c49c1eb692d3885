"""Types: those of a table's schema as GoogleSQL knows them, as text, and how large their values are."""

from __future__ import annotations

from typing import Any, Final

from local.strict_front import schemas

Field = dict[str, Any]
"""A column, as a table resource has it."""

_LIBRARYS_NAMES: Final = {"INTEGER": "INT64", "FLOAT": "DOUBLE", "BOOLEAN": "BOOL"}
"""Types that the library calls otherwise than a table's resource."""

# Bytes of a value; of texts these and those of the text: https://cloud.google.com/bigquery/pricing#data
_BYTES: Final = {"BOOL": 1, "NUMERIC": 16, "BIGNUMERIC": 32, "INTERVAL": 16}
_FIXED: Final = 8
_TEXT: Final = 2


def of_field(field: Field) -> Any:
    """Return the type of a column.

    Raises:
        KeyError: It has a type that this module does not know.
    """
    from zetasql.wasi._pb2.zetasql.public import type_pb2

    kind = schemas.kind_of(field)
    if kind == "RECORD":
        found = struct_of([(part["name"], of_field(part)) for part in field.get("fields", ())])
    elif kind == "RANGE":
        found = type_pb2.TypeProto(type_kind=type_pb2.TYPE_RANGE)
        found.range_type.element_type.CopyFrom(of_field({"type": field["rangeElementType"]["type"]}))
    elif kind in schemas.SCALARS:
        name = _LIBRARYS_NAMES.get(kind, kind)
        found = type_pb2.TypeProto(type_kind=type_pb2.TypeKind.Value(f"TYPE_{name}"))
    else:
        raise KeyError(kind)
    return array_of(found) if field.get("mode") == "REPEATED" else found


def array_of(element: Any) -> Any:
    """Return the type of a list."""
    from zetasql.wasi._pb2.zetasql.public import type_pb2

    found = type_pb2.TypeProto(type_kind=type_pb2.TYPE_ARRAY)
    found.array_type.element_type.CopyFrom(element)
    return found


def struct_of(parts: list[tuple[str, Any]]) -> Any:
    """Return the type of a record."""
    from zetasql.wasi._pb2.zetasql.public import type_pb2

    found = type_pb2.TypeProto(type_kind=type_pb2.TYPE_STRUCT)
    found.struct_type.SetInParent()
    for name, kind in parts:
        found.struct_type.field.add(field_name=name, field_type=kind)
    return found


def to_field(name: str, kind: Any) -> Field:
    """Describe a column of a type."""
    if kind.HasField("array_type"):
        return to_field(name, kind.array_type.element_type) | {"mode": "REPEATED"}
    if kind.HasField("struct_type"):
        fields = [to_field(part.field_name, part.field_type) for part in kind.struct_type.field]
        return {"name": name, "type": "RECORD", "fields": fields}
    if kind.HasField("range_type"):
        inner = to_field("", kind.range_type.element_type)["type"]
        return {"name": name, "type": "RANGE", "rangeElementType": {"type": inner}}
    return {"name": name, "type": _name(kind)}


def text(kind: Any) -> str:
    """Write a type as in SQL."""
    if kind.HasField("array_type"):
        return f"ARRAY<{text(kind.array_type.element_type)}>"
    if kind.HasField("struct_type"):
        parts = (f"`{part.field_name}` {text(part.field_type)}" for part in kind.struct_type.field)
        return f"STRUCT<{', '.join(parts)}>"
    if kind.HasField("range_type"):
        return f"RANGE<{text(kind.range_type.element_type)}>"
    return _name(kind)


def size(value: str, kind: Any, depth: int = 0) -> str:
    """Build SQL that counts the bytes of a value.

    Args:
        value: The value, in SQL.
        kind: Its type.
        depth: How deep it stands in lists; each has an alias of its own.
    """
    if kind.HasField("array_type"):
        element = kind.array_type.element_type
        if is_fixed(element):
            return f"IFNULL(ARRAY_LENGTH({value}), 0) * {size('', element)}"
        each = size(f"e{depth}", element, depth + 1)
        return f"IFNULL((SELECT SUM({each}) FROM UNNEST({value}) AS e{depth}), 0)"  # noqa: S608  # no query: a part of one
    if kind.HasField("struct_type"):
        parts = [
            size(f"{value}.`{part.field_name}`", part.field_type, depth) for part in kind.struct_type.field
        ]
        return f"({' + '.join(parts) or '0'})"
    plain = _name(kind)
    if plain == "JSON":
        return f"IFNULL(BYTE_LENGTH(TO_JSON_STRING({value})), 0)"
    if is_fixed(kind):
        return str(_BYTES.get(plain, _FIXED))
    # No function counts the bytes of a place on the earth, so that of its text stands for it.
    value = f"ST_ASTEXT({value})" if plain == "GEOGRAPHY" else value
    return f"({_TEXT} + IFNULL(BYTE_LENGTH({value}), 0))"


def is_fixed(kind: Any) -> bool:
    """Return whether all values of a type are of one size."""
    inner = kind.HasField("array_type") or kind.HasField("struct_type")
    return not inner and _name(kind) not in {"STRING", "BYTES", "JSON", "GEOGRAPHY"}


def _name(kind: Any) -> str:
    from zetasql.wasi._pb2.zetasql.public import type_pb2

    found = str(type_pb2.TypeKind.Name(kind.type_kind).removeprefix("TYPE_"))
    return "FLOAT64" if found == "DOUBLE" else found
