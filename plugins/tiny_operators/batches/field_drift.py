"""The memory of which fields Tiny's answers have, kept as an object beside the raw answers."""

from __future__ import annotations

import logging
from datetime import datetime

from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import NotChangedError, Objects
from tiny_operators.orders.field_counts import FieldCounts, FieldNews, from_json, learn, to_json
from tiny_operators.stores import Store

log = logging.getLogger(__name__)


def report_field_drift(
    objects: Objects, store: Store, run: str, batch: FieldCounts, now: datetime
) -> FieldNews:
    """Log what a batch's fields show that was not known, each once, and remember it. Fails no run.

    Events: ``new_fields``; ``field_kinds``, fields that have another kind of value; ``missed_fields``, fields that no
    longer come. In every case the whole answer is kept.

    Args:
        objects: The store's API bucket.
        store: The store.
        run: The run's key.
        batch: The fields of its answers.
        now: The present.
    """
    news = FieldNews()

    def change(content: object) -> object:
        nonlocal news
        known = from_json(content if isinstance(content, dict) else None)
        known, news = learn(known, batch, names.day_of(now, store.timezone))
        return to_json(known)

    if not batch.records:
        return news
    try:
        objects.change_json(names.fields_object(store.prefix), change)
    except (NotChangedError, TypeError, ValueError) as error:
        # TypeError and ValueError: this version does not write the object so. It is reported until a person deletes it.
        log_event(
            log,
            "fields_not_remembered",
            level=logging.WARNING,
            store=store.prefix,
            run=run,
            object=names.fields_object(store.prefix),
            error=type(error).__name__,
        )
    for event, paths in (
        ("new_fields", news.new),
        ("field_kinds", news.kinds),
        ("missed_fields", news.missed),
    ):
        if paths:
            log_event(log, event, level=logging.WARNING, store=store.prefix, run=run, fields=",".join(paths))
    return news
