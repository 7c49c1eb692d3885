"""Names of objects and staging tables: the one place where they are made."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final
from zoneinfo import ZoneInfo

NDJSON: Final = "application/x-ndjson"
_REASON: Final = ".reason.json"


def run_key(dag_id: str, run_id: str) -> str:
    """A short name for a DAG run, the same in each of its tasks and tries; fit for objects and tables.

    Example:
        >>> run_key("z316_webhook", "scheduled__2026-03-14T12:00:00+00:00")
        'z316_webhook_896d471c9d19'
    """
    return f"{dag_id}_{hashlib.sha256(run_id.encode()).hexdigest()[:12]}"


def day_of(moment: datetime, timezone: str) -> str:
    """The day (YYYY-MM-DD) of a moment in a store's time zone."""
    return moment.astimezone(ZoneInfo(timezone)).date().isoformat()


def plan_object(key: str) -> str:
    """What the run is to do."""
    return f"runs/{key}/plan.json"


def unfinished_object(dag_id: str) -> str:
    """Stands while a run of the DAG is under way, and stays when one fails: says how many did in a row."""
    return f"runs/{dag_id}_unfinished.json"


def live_waits_object(prefix: str) -> str:
    """Stands while orders of webhooks wait for the account, or use it: history gives way to them."""
    return f"runs/{prefix}_live_waits.json"


def date_plans_prefix(key: str) -> str:
    """Where a run of history keeps what it is to do about each of its dates."""
    return f"runs/{key}/dates/"


def date_plan_object(key: str, date: str) -> str:
    """What a run of history is to do about one date; stands when the date's search pages are all read."""
    return f"{date_plans_prefix(key)}{date}.json"


def date_orders_object(key: str, date: str, unique: str) -> str:
    """The orders of one date that a run of history is to read, one a line."""
    return f"{date_plans_prefix(key)}{date}-{unique}.ndjson"


def fields_object(prefix: str) -> str:
    """What is known of the fields of Tiny's answers to a store."""
    return f"fields/{prefix}.json"


def customer_key_object(prefix: str) -> str:
    """The secret that customers' keys are made of; must stay for good."""
    return f"keys/{prefix}.json"


def listed_elsewhere_object(prefix: str, date: str) -> str:
    """What is known of a date's orders that Tiny lists under another date; not there for most dates."""
    return f"listed/{prefix}/{date}.json"


def search_object(key: str) -> str:
    """Which search page lists which order of the run."""
    return f"runs/{key}/search.json"


def outcome_object(key: str) -> str:
    """What became of each order of the run."""
    return f"runs/{key}/outcome.json"


def waiting_files_object(prefix: str) -> str:
    """Which files stayed in a store's inbox: why, since when, and how often they were tried."""
    return f"runs/{prefix}_waiting_files.json"


def silent_products_object(prefix: str) -> str:
    """Products that Tiny does not answer about to a store: since when, and how often they were asked for."""
    return f"runs/{prefix}_silent_products.json"


def silent_dates_object(prefix: str) -> str:
    """Dates of which Tiny does not answer the search to a store: since when, and how often they were asked for."""
    return f"runs/{prefix}_silent_dates.json"


def unanswered_prefix(key: str) -> str:
    """Where a run notes the orders that Tiny did not answer about."""
    return f"{run_prefix(key)}unanswered/"


def unanswered_object(key: str, day: str, chunk: int) -> str:
    """The orders of one chunk that Tiny did not answer about, each with the moment. Written before the raw object."""
    return f"{unanswered_prefix(key)}{day}-{chunk:05d}.json"


def raw_orders_prefix(day: str) -> str:
    """Where the answers about orders are that arrived on a day."""
    return f"raw/pdv/dt={day}/"


def run_prefix(key: str) -> str:
    """Where a run keeps what it is to do and what became of it."""
    return f"runs/{key}/"


def raw_orders_object(reading: str, day: str, chunk: int) -> str:
    """Answers of one chunk's orders, on the day when the sales arrived. Written last: where it stands, it is done."""
    return f"{raw_orders_prefix(day)}{reading}-{chunk:05d}.ndjson"


def older_layout_prefix(day: str) -> str:
    """Where the older layout has the orders that arrived on a day: their folders' names begin with the moment."""
    return f"{day.replace('-', '')}T"


def raw_search_object(key: str, day: str, unique: str) -> str:
    """One search page; the day is that of the reading."""
    return f"raw/pesquisa/dt={day}/{key}-{unique}.ndjson"


def raw_product_prefix(day: str) -> str:
    """Where the product answers of a day are."""
    return f"raw/produto/dt={day}/"


def raw_product_object(day: str, produto: int) -> str:
    """The day's only answer about a product: it serves every order that is read on that day."""
    return f"{raw_product_prefix(day)}{produto}.ndjson"


def raw_refused_product_object(day: str, produto: int, unique: str) -> str:
    """An answer that says why there is no such product, or not now."""
    return f"{raw_product_prefix(day)}{produto}-{unique}.ndjson"


def product_of(raw_product: str) -> int | None:
    """The product that such an object is about; None for what somebody else put there."""
    stem = PurePosixPath(raw_product).stem
    return int(stem) if stem.isascii() and stem.isdigit() else None


def rows_object(table: str, key: str) -> str:
    """Typed rows of one run for one table."""
    return f"rows/{table}/{key}.ndjson"


def rejected_prefix(day: str) -> str:
    """Where a day's rejects are: webhook files, each with its reason, and what became of the orders of other runs."""
    return f"rejected/dt={day}/"


def rejects_object(key: str, day: str) -> str:
    """What one run set aside, each with its reason; not there when that is nothing."""
    return f"{rejected_prefix(day)}{key}.ndjson"


def is_rejects_object(name: str) -> bool:
    """Whether an object below ``rejected/`` is such a one, and no webhook file."""
    return re.fullmatch(r"[a-z][a-z0-9_]*_[0-9a-f]{12}\.ndjson", PurePosixPath(name).name) is not None


def put_back_object(key: str) -> str:
    """What a run is to put back."""
    return f"{run_prefix(key)}put_back.json"


def put_back_event(key: str, pedido: int) -> str:
    """In the inbox: lets an order be read that was rejected and has no file."""
    return f"put-back/{key}-{pedido}.json"


def asked_prefix() -> str:
    """In the inbox: where events of orders are that a person asked for."""
    return "asked/"


def asked_event(key: str, pedido: int) -> str:
    """In the inbox: lets an order be read that a person asked for."""
    return f"{asked_prefix()}{key}-{pedido}.json"


def staging_table(dataset: str, table: str, key: str) -> str:
    """Staging table of one run."""
    return f"{dataset}.{table}_{key}"


def done_prefix(day: str) -> str:
    """Where the webhook files of a day are that are done."""
    return f"webhook/dt={day}/"


def done_object(name: str, generation: int, day: str) -> str:
    """Where a webhook file goes when its order is in BigQuery; the generation keeps namesakes apart."""
    return f"{done_prefix(day)}{generation}-{_short(name)}"


def rejected_object(name: str, generation: int, day: str) -> str:
    """Where a webhook file goes that cannot be used."""
    return f"{rejected_prefix(day)}{generation}-{_short(name)}"


def _short(name: str) -> str:
    """The end of a name: with what is put around it, it stays below 255 bytes, which any file system takes."""
    return PurePosixPath(name).name.encode()[-180:].decode(errors="ignore")


def reason_object(rejected: str) -> str:
    """Where the reason of a rejected file stands: beside it."""
    return f"{rejected}{_REASON}"


def is_reason_object(name: str) -> bool:
    """Whether an object is the reason of a rejected file."""
    return name.endswith(_REASON)
