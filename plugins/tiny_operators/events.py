"""The one way to log: an event name and named fields, as ``event=orders_fetched store=z316 orders=20``.

No personal data, no token, no payload: callers pass names, ids, counts and seconds.
"""

from __future__ import annotations

import json
import logging

Field = str | int | float | bool | None


def format_event(event: str, fields: dict[str, Field]) -> str:
    """Write one line of ``key=value`` pairs.

    A value is JSON-quoted when it has a space, a quote, an equals sign or what cannot be printed, as all line breaks.
    """
    return " ".join(f"{key}={_text(value)}" for key, value in {"event": event, **fields}.items())


def log_event(logger: logging.Logger, event: str, *, level: int = logging.INFO, **fields: Field) -> None:
    """Log one event.

    Args:
        logger: The logger of the task or module.
        event: What happened, in snake case.
        level: A level of :mod:`logging`.
        **fields: Named values; durations in seconds, ids and counts as numbers.
    """
    logger.log(level, "%s", format_event(event, fields))


def _text(value: Field) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    plain = text and text.isprintable() and not any(sign in text for sign in ' "=')
    return text if plain else json.dumps(text)
