"""Why a file, an order, a product or a value cannot be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reject:
    """Why something cannot be used.

    Attributes:
        step: Where it was found: ``plan``, ``fetch`` or ``rows``.
        field: The field, as a path such as ``dados.id``.
        expected: What it should be.
        found: The kind of what was there, never the value.
        action: What a person can do.
        produto: Tiny's id of the product, when only that was rejected and its order was not.
    """

    step: str
    field: str
    expected: str
    found: str
    action: str
    produto: int | None = None
