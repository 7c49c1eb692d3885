"""Names of objects and staging tables, built here alone. The receiver names the files that it stores."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final
from zoneinfo import ZoneInfo

NDJSON: Final = "application/x-ndjson"
RAW: Final = "raw/"
ROWS: Final = "rows/"
RUNS: Final = "runs/"
REJECTED: Final = "rejected/"
WEBHOOKS_DONE: Final = "webhook/"
# Requests about a person, what was found of them, and what is given to them. All of it expires.
PEOPLE: Final = "people/"
# Pages with counts, which no program reads again.
_REPORTS: Final = "reports/"
_KEYS: Final = "keys/"
_FORGOTTEN: Final = "forgotten/"
_REASON: Final = ".reason.json"


def run_key(dag_id: str, run_id: str) -> str:
    """Build a short name for a DAG run, the same in each of its tasks and tries; fit for objects and tables.

    Example:
        >>> run_key("z316_webhook", "scheduled__2026-03-14T12:00:00+00:00")
        'z316_webhook_896d471c9d19'
    """
    return f"{dag_id}_{hashlib.sha256(run_id.encode()).hexdigest()[:12]}"


def day_of(moment: datetime, timezone: str) -> str:
    """Return the day (YYYY-MM-DD) of a moment in a store's time zone."""
    return moment.astimezone(ZoneInfo(timezone)).date().isoformat()


def run_prefix(key: str) -> str:
    """Name the folder where a run keeps its work and what became of it."""
    return f"{RUNS}{key}/"


def plan_object(key: str) -> str:
    """Name the object with the work of the run."""
    return f"{run_prefix(key)}plan.json"


def unfinished_object(dag_id: str) -> str:
    """Name the object that exists while a run of the DAG is under way. It stays after failed runs, and counts them."""
    return f"{RUNS}{dag_id}_unfinished.json"


def live_waits_object(prefix: str) -> str:
    """Name the object that exists while orders of webhooks wait for the account or use it: history gives way."""
    return f"{RUNS}{prefix}_live_waits.json"


def date_plans_prefix(key: str) -> str:
    """Name the folder with the work of a run of history on each of its dates."""
    return f"{run_prefix(key)}dates/"


def date_plan_object(key: str, date: str) -> str:
    """Name the object with the work of a run of history on one date; written when all search pages of it are read."""
    return f"{date_plans_prefix(key)}{date}.json"


def date_orders_object(key: str, date: str, unique: str) -> str:
    """Name the object with the orders of one date that a run of history should read, one a line."""
    return f"{date_plans_prefix(key)}{date}-{unique}.ndjson"


def account_object(prefix: str) -> str:
    """Name the object that says when a store's token was last found to open the store's own account."""
    return f"accounts/{prefix}.json"


def blanked_object(prefix: str) -> str:
    """Name the object that says up to which day the personal data of old orders is blanked, by table."""
    return f"blanked/{prefix}.json"


def fields_object(prefix: str) -> str:
    """Name the object with what is known of the fields of Tiny's answers to a store."""
    return f"fields/{prefix}.json"


def situation_object(prefix: str) -> str:
    """Name the object with the page that says what is in."""
    return f"{_REPORTS}{prefix}_situacao.html"


def customer_key_object(prefix: str) -> str:
    """Name the object with the secret that customers' keys are made with; it must stay for good."""
    return f"{_KEYS}{prefix}.json"


def forgotten_object(prefix: str) -> str:
    """Name the object that says who was forgotten, by orders and keyed hashes; it must stay for good."""
    return f"{_FORGOTTEN}{prefix}.json"


def forgotten_key_object(prefix: str) -> str:
    """Name the object with the key of those hashes; it must stay for good."""
    return f"{_KEYS}{prefix}_forgotten.json"


def people_request_prefix(what: str) -> str:
    """Name the folder where a person leaves requests: to ``forget`` people, or to ``show`` what is stored of them."""
    return f"{PEOPLE}{what}/"


def found_people_object(key: str) -> str:
    """Name the object with what a run found of the people whom it is to forget; it exists until they are forgotten."""
    return f"{PEOPLE}found/{key}.json"


def shown_person_object(key: str, number: int) -> str:
    """Name the object with all that is stored of one person of a request."""
    return f"{PEOPLE}shown/{key}-{number}.json"


def may_hold_people(name: str) -> bool:
    """Return whether an object of the API bucket is one in which people are looked for."""
    return not name.startswith((PEOPLE, _KEYS, _FORGOTTEN, _REPORTS))


def place_of(name: str) -> str:
    """Name the kind of place of an object in the API bucket, for counts: its folder, or ``older``."""
    folder = name.partition("/")[0]
    return "older" if re.match(r"[0-9]{8}T", folder) else folder


def listed_elsewhere_object(prefix: str, date: str) -> str:
    """Name the object with a date's orders that Tiny lists under another date; most dates have none."""
    return f"listed/{prefix}/{date}.json"


def search_object(key: str) -> str:
    """Name the object that says which search page lists which order of the run."""
    return f"{run_prefix(key)}search.json"


def outcome_object(key: str) -> str:
    """Name the object that says what became of each order of the run."""
    return f"{run_prefix(key)}outcome.json"


def waiting_files_object(prefix: str) -> str:
    """Name the object with the files that stayed in a store's inbox: why, since when, and how often they were tried."""
    return f"{RUNS}{prefix}_waiting_files.json"


def silent_products_object(prefix: str) -> str:
    """Name the object with the products that Tiny does not answer about: since when, and how often it was asked."""
    return f"{RUNS}{prefix}_silent_products.json"


def silent_dates_object(prefix: str) -> str:
    """Name the object with the dates whose search Tiny does not answer: since when, and how often it was asked."""
    return f"{RUNS}{prefix}_silent_dates.json"


def reading_begun_object(key: str) -> str:
    """Name the object that says that a try of the run has begun to read orders: what it has read is looked for."""
    return f"{run_prefix(key)}reading.json"


def unanswered_prefix(key: str) -> str:
    """Name the folder where a run notes the orders that Tiny did not answer about."""
    return f"{run_prefix(key)}unanswered/"


def unanswered_object(key: str, day: str, chunk: int) -> str:
    """Name the object with the orders of a chunk that got no answer, with times. Written before the raw object."""
    return f"{unanswered_prefix(key)}{day}-{chunk:05d}.json"


def raw_orders_prefix(day: str) -> str:
    """Name the folder with the answers about orders that arrived on a day."""
    return f"{RAW}pdv/dt={day}/"


def raw_orders_object(reading: str, day: str, chunk: int) -> str:
    """Name the object with a chunk's answers, by the day when the sales came. If it exists, the chunk is done."""
    return f"{raw_orders_prefix(day)}{reading}-{chunk:05d}.ndjson"


def older_layout_prefix(day: str) -> str:
    """Name the start of the older layout's folders of orders that arrived on a day: they begin with the moment."""
    return f"{day.replace('-', '')}T"


def raw_search_object(key: str, day: str, unique: str) -> str:
    """Name the object with one search page; the day is that of the reading."""
    return f"{RAW}pesquisa/dt={day}/{key}-{unique}.ndjson"


def raw_product_prefix(day: str) -> str:
    """Name the folder with the product answers of a day."""
    return f"{RAW}produto/dt={day}/"


def raw_product_object(day: str, produto: int) -> str:
    """Name the object with the day's only answer about a product: it serves every order that is read on that day."""
    return f"{raw_product_prefix(day)}{produto}.ndjson"


def raw_refused_product_object(day: str, produto: int, unique: str) -> str:
    """Name the object with an answer that says why there is no such product, or not now."""
    return f"{raw_product_prefix(day)}{produto}-{unique}.ndjson"


def product_of(raw_product: str) -> int | None:
    """Return the product that such an object is about; None for what somebody else put there."""
    stem = PurePosixPath(raw_product).stem
    return int(stem) if stem.isascii() and stem.isdigit() else None


def rows_object(table: str, key: str) -> str:
    """Name the object with the typed rows of one run for one table."""
    return f"{ROWS}{table}/{key}.ndjson"


def rejected_prefix(day: str) -> str:
    """Name the folder with a day's rejects: webhook files with their reasons, and the rejected orders of other runs."""
    return f"{REJECTED}dt={day}/"


def rejects_object(key: str, day: str) -> str:
    """Name the object with what one run set aside, each with its reason; it exists when there is something."""
    return f"{rejected_prefix(day)}{key}.ndjson"


def is_rejects_object(name: str) -> bool:
    """Return whether an object below ``rejected/`` is such a one, and no webhook file."""
    return re.fullmatch(r"[a-z][a-z0-9_]*_[0-9a-f]{12}\.ndjson", PurePosixPath(name).name) is not None


def put_back_object(key: str) -> str:
    """Name the object with what a run should put back."""
    return f"{run_prefix(key)}put_back.json"


def put_back_event(key: str, pedido: int) -> str:
    """Name the file in the inbox that lets a rejected order be read that has no file."""
    return f"put-back/put-back-{key}-{pedido}.json"


def asked_prefix() -> str:
    """Name the folder in the inbox with events of orders that a person asked for."""
    return "asked/"


def asked_event(key: str, pedido: int) -> str:
    """Name the file in the inbox that lets an order be read that a person asked for."""
    return f"{asked_prefix()}asked-{key}-{pedido}.json"


def is_own_event(name: str) -> bool:
    """Return whether a file, in the inbox or moved out of it, is an event of this package and no webhook of Tiny."""
    return bool(re.match(r"(?:[0-9]+-)?(?:asked|put-back)-", PurePosixPath(name).name))


def staging_table(dataset: str, table: str, key: str) -> str:
    """Name the staging table of one run."""
    return f"{dataset}.{table}_{key}"


def done_prefix(day: str) -> str:
    """Name the folder with the webhook files of a day that are done."""
    return f"{WEBHOOKS_DONE}dt={day}/"


def done_object(name: str, generation: int, day: str) -> str:
    """Name the new place of a webhook file that is done or not needed; the generation keeps equal names apart."""
    return f"{done_prefix(day)}{generation}-{_short(name)}"


def rejected_object(name: str, generation: int, day: str) -> str:
    """Name the new place of a webhook file that cannot be used."""
    return f"{rejected_prefix(day)}{generation}-{_short(name)}"


def _short(name: str) -> str:
    """Return the end of a name: with its additions it stays below 255 bytes, which any file system accepts."""
    return PurePosixPath(name).name.encode()[-180:].decode(errors="ignore")


def reason_object(rejected: str) -> str:
    """Name the object with the reason of a rejected file, beside it."""
    return f"{rejected}{_REASON}"


def is_reason_object(name: str) -> bool:
    """Return whether an object is the reason of a rejected file."""
    return name.endswith(_REASON)
