"""Labels, which buckets, datasets, tables and jobs have alike."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from local.strict_front.call import Call
from local.strict_front.rules import Now

SOURCE: Final = "https://cloud.google.com/bigquery/docs/labels-intro#requirements"
_MOST: Final = 64
_LONGEST: Final = 63


def are_right(call: Call, _: Now) -> str | None:
    """Check the labels of a bucket, a dataset, a table or a job."""
    return problem_of_labels(call.field("configuration.labels") or call.field("labels"))


def problem_of_labels(labels: Any) -> str | None:
    """Say what is wrong with a resource's labels; None when they are right."""
    if not isinstance(labels, dict):
        return None
    if len(labels) > _MOST:
        return f"Too many labels: at most {_MOST}"
    for key, value in labels.items():
        if not 1 <= len(key) <= _LONGEST or not all(map(_is_right, key)) or not key[0].isalpha():
            return "Invalid label key: 1 to 63 characters, small letters, digits, _ and -, beginning with a letter"
        if value is not None and (len(value) > _LONGEST or not all(map(_is_right, value))):
            return "Invalid label value: at most 63 characters, small letters, digits, _ and -"
    return None


def _is_right(character: str) -> bool:
    return character in "_-" or unicodedata.category(character) in {"Ll", "Lo", "Nd", "Lm", "Mn", "Mc"}
