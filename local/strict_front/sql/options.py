"""Options of tables and views: which there are, and which values they may have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from local.strict_front.labels import SOURCE as LABELS
from local.strict_front.labels import problem_of_labels
from local.strict_front.sql import types
from local.strict_front.sql.googlesql import nodes
from local.strict_front.sql.planning import Broken

_LABELS_TYPE: Final = {
    "type": "RECORD",
    "mode": "REPEATED",
    "fields": [{"name": "", "type": "STRING"}, {"name": "", "type": "STRING"}],
}
_COLUMN: Final = {"description": "STRING", "rounding_mode": "STRING", "data_policies": "STRING[]"}
_COMMON: Final = {"friendly_name": "STRING", "description": "STRING", "labels": "LABELS", "tags": "LABELS"}
_VIEW: Final = {**_COMMON, "expiration_timestamp": "TIMESTAMP", "privacy_policy": "STRING"}
_TABLE: Final = {
    **_COMMON,
    "expiration_timestamp": "TIMESTAMP",
    "partition_expiration_days": "FLOAT64",
    "require_partition_filter": "BOOL",
    "kms_key_name": "STRING",
    "default_rounding_mode": "STRING",
    "enable_change_history": "BOOL",
    "enable_fine_grained_mutations": "BOOL",
    "max_staleness": "INTERVAL",
}
_SCHEMA: Final = {
    **_COMMON,
    "default_kms_key_name": "STRING",
    "default_partition_expiration_days": "FLOAT64",
    "default_rounding_mode": "STRING",
    "default_table_expiration_days": "FLOAT64",
    "failover_reservation": "STRING",
    "is_case_insensitive": "BOOL",
    "is_primary": "BOOL",
    "location": "STRING",
    "max_time_travel_hours": "INT64",
    "primary_replica": "STRING",
    "storage_billing_model": "STRING",
}
# By the kind of the statement. Others, as exports and models, have options of their own that are not known here.
_KNOWN: Final = {
    "ASTCreateViewStatementProto": {**_VIEW, **_COLUMN},
    "ASTCreateTableStatementProto": {**_TABLE, **_COLUMN},
    "ASTCreateSchemaStatementProto": _SCHEMA,
    "ASTAlterViewStatementProto": {**_VIEW, **_COLUMN},
    "ASTAlterTableStatementProto": {**_TABLE, **_COLUMN},
    "ASTAlterSchemaStatementProto": _SCHEMA,
}

# https://cloud.google.com/bigquery/quotas#all_tables and #dataset_limits
_LIMITS: Final = "https://cloud.google.com/bigquery/quotas"
_COLUMN_DESCRIPTION: Final = 1_024
_DESCRIPTION: Final = 16_384


def allow(options: Any, statement_kind: str) -> None:
    """Tell the analyzer which options a statement may have, with their types.

    Args:
        options: The analyzer's options.
        statement_kind: Name of the statement's node in the syntax tree.
    """
    if (known := _KNOWN.get(statement_kind)) is None:
        return
    options.allowed_hints_and_options.disallow_unknown_options = True
    options.allowed_hints_and_options.disallow_duplicate_option_names = True
    for name, kind_name in known.items():
        field = {"type": kind_name.removesuffix("[]")} if kind_name != "LABELS" else _LABELS_TYPE
        if kind_name.endswith("[]"):
            field["mode"] = "REPEATED"
        options.allowed_hints_and_options.option.add(name=name, type=types.of_field(field))


def broken(statement: Any) -> Broken | None:
    """Find the first value of an option in a resolved statement that BigQuery does not accept."""
    for node in nodes(statement):
        found = None
        if node.DESCRIPTOR.name == "ResolvedColumnAnnotationsProto":
            checks = (_description(option, _COLUMN_DESCRIPTION) for option in node.option_list)
            found = next(filter(None, checks), None)
        elif node.DESCRIPTOR.name == "ResolvedOptionProto":
            found = _description(node, _DESCRIPTION) or _labels(node)
        if found:
            return found
    return None


def _description(option: Any, most: int) -> Broken | None:
    texts = list(_texts(option.value)) if option.name.lower() == "description" else []
    if any(len(text) > most for text in texts):
        return "description_length", f"Option description: at most {most:,} characters are allowed", _LIMITS
    return None


def _labels(option: Any) -> Broken | None:
    if option.name.lower() != "labels":
        return None
    texts = list(_texts(option.value))
    pairs = list(zip(texts[::2], texts[1::2], strict=False))
    problem = "each key may stand once" if len(dict(pairs)) < len(pairs) else problem_of_labels(dict(pairs))
    return ("labels", f"Option labels: {problem}", LABELS) if problem else None


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a literal value, or in expressions that build lists and records of them, in their order."""
    for node in nodes(value):
        if node.DESCRIPTOR.name == "ValueProto" and node.WhichOneof("value") == "string_value":
            yield node.string_value
