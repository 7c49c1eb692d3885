"""The stores file (``include/stores.yaml``): which stores exist, and where their buckets and tables are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import yaml

from tiny_operators.opening_hours import parse_opening_hours

# Fields of a store that are numbers, each with its kind and the least and the most that it may be.
_NUMBERS: dict[str, tuple[type[float], float, float]] = {
    # A batch is billed some 300 MB, since each statement is billed 10 MB for each table that it names.
    "maximum_bytes_billed": (int, 1024**3, 1024**5),
    "quiet_minutes": (int, 1, 24 * 60),
    "waiting_minutes": (int, 5, 24 * 60),
    # Before three at night the run of the day before does not begin.
    "complete_by_hour": (int, 4, 23),
    "reject_share": (float, 0, 1),
    "rejects_limit": (int, 0, 1_000_000),
    # 0 keeps for good.
    "keep_raw_days": (int, 0, 36_500),
    "keep_rejects_days": (int, 0, 36_500),
    "keep_rows_days": (int, 7, 3_650),
    "keep_personal_days": (int, 0, 36_500),
}
# Less than a month would take away what a replay, a person or a late webhook still needs.
_LEAST_KEPT: Final = 31
# Datasets that may hold nothing else, each with the end of its name by default.
_DATASETS_OF_THEIR_OWN = {
    "report_dataset": "relatorios",
    "personal_dataset": "pessoal",
    "keys_dataset": "chaves",
}
# Fields of a store that are lists, each with what is in it.
_LISTS = {
    "effective_statuses": "the labels or codes of orders that count as sales",
    "placeholder_contacts": "documents, e-mails and telephones that are no customer's",
}
_NOT_TEXTS = frozenset({*_LISTS, *_NUMBERS})

_PACKAGE = Path(__file__).resolve().parent
# In the repository include/ is beside plugins/; Composer syncs only dags/ and plugins/, so there it is in dags/.
_INCLUDE_CANDIDATES = (_PACKAGE.parents[1] / "include", _PACKAGE.parents[1] / "dags" / "include")

# Which orders count as sales unless the store says otherwise, by label and by code. Not "aprovado": an approved order
# is still to be invoiced, and may yet be cancelled.
EFFECTIVE_STATUSES = (
    "faturado",
    "faturado (atendido)",
    "atendido",
    "pronto para envio",
    "pronto_envio",
    "enviado",
    "entregue",
)

# The one that libyaml brings reads a hundred stores ten times as fast; a PyYAML that was built without it has none.
_YAML_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Documents that tills fill in for nobody in particular: known false ones. Those of one repeated digit are known anyway.
PLACEHOLDER_CONTACTS = ("123.456.789-09", "012.345.678-90", "987.654.321-00", "12.345.678/0001-95")


class StoresError(ValueError):
    """The stores file is missing or wrong; the message names the field and what is expected."""


@dataclass(frozen=True)
class Store:
    """One store: a Tiny account with its buckets, datasets, connection and pool.

    Attributes:
        prefix: Short name, such as ``z316``: part of DAG ids and object names.
        name: The name that people read.
        cnpj: 14 digits (11 for a CPF): which store a webhook belongs to.
        timezone: IANA name; the days of this store are days there.
        location: Google Cloud location of the buckets and datasets.
        webhook_bucket: The inbox: every file in it waits.
        api_bucket: Raw answers, rows, rejects and done webhook files.
        dataset: BigQuery dataset of the tables.
        staging_dataset: BigQuery dataset of the staging tables, which expire after a day.
        report_dataset: BigQuery dataset of the views without personal data; by default ``{dataset}_relatorios``.
        personal_dataset: BigQuery dataset of the views with personal data; by default ``{dataset}_pessoal``.
        keys_dataset: BigQuery dataset of the secret for customers' keys; by default ``{dataset}_chaves``.
        effective_statuses: Labels and codes of the orders that count as sales; capitals and accents do not matter.
        placeholder_contacts: Documents, e-mails and telephones that are no customer's, besides the store's own
            ``cnpj`` and ``PLACEHOLDER_CONTACTS``.
        opening_hours: When webhooks are expected: see :mod:`tiny_operators.opening_hours`; empty for never.
        reject_share: Part of a run's orders, or of its files, that may be set aside, 0 to 1. When it is more, the run
            fails: then it is not one bad order, but a change of the API.
        rejects_limit: How many orders and files may be set aside for a week before people are alerted.
        quiet_minutes: How long no webhook may come in opening hours before people are alerted.
        waiting_minutes: How long files may wait in the inbox, while no run reaches its end, before people are alerted.
        complete_by_hour: By which hour of the store's day the orders of yesterday must be complete.
        maximum_bytes_billed: What one BigQuery job may be billed: one that would need more fails, and costs nothing.
        policy_tag: Full name of the policy tag for columns with personal data; empty for none.
        keep_raw_days: After how many days raw answers and the archive of webhooks expire; 0 for never.
        keep_rejects_days: After how many days what was rejected expires in the bucket; 0 for never.
        keep_rows_days: After how many days row files and the notes of runs expire: they can be made again.
        keep_personal_days: After how many days customers' data is blanked in the rows of an order; 0 for never.
    """

    prefix: str
    name: str
    cnpj: str
    timezone: str
    location: str
    webhook_bucket: str
    api_bucket: str
    dataset: str
    staging_dataset: str
    report_dataset: str = ""
    personal_dataset: str = ""
    keys_dataset: str = ""
    effective_statuses: tuple[str, ...] = EFFECTIVE_STATUSES
    placeholder_contacts: tuple[str, ...] = ()
    opening_hours: str = ""
    quiet_minutes: int = 120
    waiting_minutes: int = 60
    complete_by_hour: int = 6
    reject_share: float = 0.2
    rejects_limit: int = 20
    # Many times what a batch, or a slice of history, needs. A statement that lost its filter of partitions would read
    # all of some years: it becomes an error and no bill.
    maximum_bytes_billed: int = 5 * 1024**3
    policy_tag: str = ""
    # No law names a day, and what has expired cannot be brought back: the shop decides. See docs/retention.md.
    keep_raw_days: int = 0
    keep_rejects_days: int = 0
    keep_rows_days: int = 90
    keep_personal_days: int = 0

    def __post_init__(self) -> None:
        """Name the other datasets after that of the tables, where the stores file names none."""
        for name, ending in _DATASETS_OF_THEIR_OWN.items():
            object.__setattr__(self, name, getattr(self, name) or f"{self.dataset}_{ending}")

    def dag_id(self, kind: str) -> str:
        """Return the id of one of the store's DAGs.

        Args:
            kind: What the DAG is, such as ``daily``: see :func:`dag_kinds`.
        """
        return f"{self.prefix}_{kind}"

    @property
    def tiny_conn_id(self) -> str:
        """Airflow connection to the Tiny account."""
        return f"tiny_{self.prefix}"

    @property
    def pool(self) -> str:
        """Airflow pool of one slot: one task at a time calls the account."""
        return f"tiny_{self.prefix}"

    @property
    def merge_pool(self) -> str:
        """Airflow pool of one slot: one merge at a time into the store's tables."""
        return f"merge_{self.prefix}"

    @property
    def pools(self) -> dict[str, str]:
        """The Airflow pools of the store, each of one slot, with what they are for."""
        return {
            self.pool: f"Calls to the Tiny account of {self.name}: one task at a time",
            self.merge_pool: f"Merges into the tables of {self.name}: one at a time",
        }


def include_dir() -> Path:
    """Find the folder with the stores file, the schemas and the SQL.

    Raises:
        StoresError: When the folder is in neither place.
    """
    for candidate in _INCLUDE_CANDIDATES:
        if (candidate / "stores.yaml").is_file():
            return candidate
    places = " or ".join(str(place) for place in _INCLUDE_CANDIDATES)
    raise StoresError(f"include/stores.yaml was not found in {places}; copy the folder include/ there")


def dag_kinds() -> list[str]:
    """Return what the DAGs of a store are, as their files and the ends of their ids have it."""
    return sorted(
        path.stem.removeprefix("tiny_") for path in (_PACKAGE.parents[1] / "dags").rglob("tiny_*.py")
    )


def dag_tags(store: Store) -> list[str]:
    """Return the tags of a store's DAGs; with that of the release, where one put the code there."""
    path = include_dir() / "version.txt"
    version = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    return ["tiny", store.prefix, *([f"release {version}"] if version else [])]


def load_stores(path: Path | None = None) -> list[Store]:
    """Read and check the stores file.

    Args:
        path: The file; by default ``stores.yaml`` in the include folder.

    Raises:
        StoresError: When the file is not like the example, or two stores share what must be their own.
    """
    path = path or include_dir() / "stores.yaml"
    try:
        # As safe as yaml.safe_load: both loaders build plain values only.
        content = yaml.load(path.read_text(encoding="utf-8"), _YAML_LOADER)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StoresError(f"{path.name} cannot be read as YAML: {error}") from error
    rows = content.get("stores") if isinstance(content, Mapping) else None
    if not isinstance(rows, list) or not rows:
        raise StoresError(f"{path.name}: field 'stores' must be a list with at least one store")
    stores = [_store(row, f"{path.name}: stores[{index}]") for index, row in enumerate(rows)]
    for name in ("prefix", "cnpj", "webhook_bucket", "api_bucket", "dataset"):
        values = [getattr(store, name) for store in stores]
        if len(set(values)) < len(values):
            raise StoresError(f"{path.name}: field {name!r} must differ from store to store")
    buckets = [bucket for store in stores for bucket in (store.webhook_bucket, store.api_bucket)]
    if len(set(buckets)) < len(buckets):
        raise StoresError(
            f"{path.name}: 'webhook_bucket' and 'api_bucket' must be two buckets that no store shares"
        )
    if any(store.staging_dataset in {other.dataset for other in stores} for store in stores):
        raise StoresError(
            f"{path.name}: 'staging_dataset' must not be the 'dataset' of a store: its tables expire"
        )
    taken = [*(store.dataset for store in stores), *{store.staging_dataset for store in stores}]
    for store in stores:
        for name in _DATASETS_OF_THEIR_OWN:
            if (dataset := getattr(store, name)) in taken:
                raise StoresError(
                    f"{path.name}: {name!r} of store {store.prefix} must be a dataset of its own: "
                    f"{dataset!r} is used for something else, and who may read one may not read the other"
                )
            taken.append(dataset)
    return stores


def _store(row: object, where: str) -> Store:
    if not isinstance(row, Mapping):
        raise StoresError(f"{where} must be a mapping of fields, found {type(row).__name__}")
    known = [field.name for field in fields(Store)]
    needed = [field.name for field in fields(Store) if field.default is MISSING]
    texts = [name for name in known if name not in _NOT_TEXTS and (name in needed or name in row)]
    for name in texts:
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise StoresError(f"{where}.{name} must be a text (in quotes, if it is all digits)")
    if unknown := sorted(set(row) - set(known)):
        raise StoresError(f"{where} has unknown fields {unknown}; known are {known}")
    lists = {name: _texts(row[name], what, f"{where}.{name}") for name, what in _LISTS.items() if name in row}
    numbers = {name: _number(row[name], name, where) for name in _NUMBERS if name in row}
    values: dict[str, Any] = {name: row[name].strip() for name in texts} | numbers | lists
    store = Store(**values)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,20}", store.prefix):
        raise StoresError(f"{where}.prefix must be lower-case letters, digits and _, starting with a letter")
    if not re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}|[0-9]{11}", store.cnpj):
        raise StoresError(
            f"{where}.cnpj must be the 14 characters of a CNPJ (or 11 digits of a CPF), without dots"
        )
    tags = (
        rf"projects/[^/]+/locations/{re.escape(store.location.lower())}/taxonomies/[0-9]+/policyTags/[0-9]+"
    )
    if store.policy_tag and not re.fullmatch(tags, store.policy_tag):
        raise StoresError(
            f"{where}.policy_tag must be projects/…/locations/{store.location.lower()}/taxonomies/…/policyTags/…: a "
            "tag of the tables' own location"
        )
    try:
        parse_opening_hours(store.opening_hours)
    except ValueError as error:
        raise StoresError(f"{where}.opening_hours: {error}") from error
    try:
        ZoneInfo(store.timezone)
    except (KeyError, ValueError, OSError) as error:
        raise StoresError(f"{where}.timezone must be an IANA name such as America/Sao_Paulo") from error
    return store


def _number(value: Any, name: str, where: str) -> float:
    kind, least, most = _NUMBERS[name]
    if not isinstance(value, (int, kind)) or isinstance(value, bool) or not least <= value <= most:
        raise StoresError(f"{where}.{name} must be a number from {least} to {most}, without quotes")
    if name.startswith("keep_") and 0 < value < _LEAST_KEPT and least == 0:
        raise StoresError(f"{where}.{name} must be 0, to keep for good, or at least {_LEAST_KEPT}")
    return kind(value)


def _texts(value: object, what: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and v.strip() for v in value):
        raise StoresError(f"{where} must be a list of texts (in quotes, if they are all digits), {what}")
    return tuple(text.strip() for text in value)
