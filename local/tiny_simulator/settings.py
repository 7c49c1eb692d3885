"""Everything that can be switched: quirks, limits, faults. Frozen values, replaced as a whole at run time."""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from local.tiny_simulator.faults import check_kind


@dataclass(frozen=True, slots=True)
class Quirks:
    """Switches of what Tiny does in real life; a float is a share of cases; README.md describes each."""

    # How values are written, decided for each answer.
    numeric_ids: float = 0.0
    numeric_values: float = 0.0
    numeric_pdv: float = 0.0
    numeric_status: float = 0.0
    blank_nulls: bool = False
    zero_ids: bool = False
    space_blanks: float = 0.0
    true_nulls: bool = False
    stray_nulls: float = 0.0
    empty_list_text: bool = False
    single_as_object: float = 0.0
    single_row_as_object: float = 0.0
    odd_containers: float = 0.0
    odd_values: float = 0.0
    unreadable_values: float = 0.0
    long_prices: float = 0.0
    latin_1: bool = False
    escaped_unicode: bool = False
    rich_text: bool = False
    new_fields: bool = False
    unknown_fields: bool = False
    old_labels: bool = False
    situacao_codes: bool = False
    xml_without_formato: bool = False
    # How errors and searches behave.
    throttle_object: float = 0.0
    odd_errors: float = 0.0
    loose_numero: bool = False
    page_count_drift: bool = False
    page_repeats: float = 0.0
    page_gaps: float = 0.0
    search_delay_s: float = 0.0
    search_by_registration: bool = False
    search_ignores_dates: bool = False
    # Webhooks.
    webhook_pair: bool = False
    webhook_duplicates: float = 0.0
    webhook_shuffle: bool = False
    webhook_numbers: float = 0.0
    webhook_plain_type: bool = False
    webhook_envelopes: float = 0.0
    webhook_lost: float = 0.0
    webhook_early_s: float = 0.0
    # What orders are like, decided when an order is made.
    discount_forms: bool = False
    surcharges: float = 0.0
    full_discounts: float = 0.0
    free_text_items: float = 0.0
    document_forms: bool = False


COMMON = Quirks(
    numeric_ids=0.3,
    numeric_values=0.5,
    numeric_status=0.3,
    blank_nulls=True,
    zero_ids=True,
    true_nulls=True,
    empty_list_text=True,
    single_as_object=1.0,
    long_prices=0.3,
    escaped_unicode=True,
    rich_text=True,
    new_fields=True,
    xml_without_formato=True,
    throttle_object=1.0,
    discount_forms=True,
    full_discounts=0.02,
    free_text_items=0.03,
    document_forms=True,
)
HOSTILE = replace(
    COMMON,
    numeric_ids=0.5,
    numeric_pdv=0.5,
    numeric_status=0.5,
    space_blanks=0.1,
    stray_nulls=0.1,
    single_as_object=0.7,
    single_row_as_object=0.5,
    long_prices=0.5,
    escaped_unicode=False,
    unknown_fields=True,
    old_labels=True,
    situacao_codes=True,
    throttle_object=0.5,
    odd_errors=0.7,
    loose_numero=True,
    page_count_drift=True,
    page_repeats=0.7,
    page_gaps=0.3,
    search_delay_s=2.0,
    webhook_pair=True,
    webhook_duplicates=0.3,
    webhook_shuffle=True,
    webhook_numbers=0.5,
    webhook_plain_type=True,
    webhook_envelopes=0.5,
    surcharges=0.05,
    full_discounts=0.1,
    free_text_items=0.1,
)
PROFILES: Mapping[str, Quirks] = {"plain": Quirks(), "common": COMMON, "hostile": HOSTILE}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the account may do.

    Attributes:
        per_minute: Calls per rolling minute and token; also the header ``x-limit-api``.
        concurrency: Calls at once; 0 means a quarter of ``per_minute``.
        block_s: Seconds that a token stays blocked once over; 0 blocks until the rolling minute has room.
        block_extends: Whether a call during a block starts the block anew.
        status: HTTP status of the throttle answers (200 in all real recordings).
        page_size: Rows on a search page.
        max_rows: A search that finds more rows answers code 21; 0 for no such bound.
        account_code: Every call answers with this code (5 no API, 7 full, 8 blocked); 0 for none.
    """

    per_minute: int = 600
    concurrency: int = 0
    block_s: float = 0.0
    block_extends: bool = False
    status: int = 200
    page_size: int = 100
    max_rows: int = 0
    account_code: int = 0

    @property
    def at_once(self) -> int:
        """Calls that may run at once."""
        return self.concurrency or max(1, self.per_minute // 4)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole state of the switches.

    Attributes:
        quirks: See ``Quirks``.
        limits: See ``Limits``.
        latency_s: Seconds that every answer takes.
        slow_s: Seconds that the fault ``slow`` adds.
        faults: Share of calls that fail, by service (``*`` for all) and kind of fault.
        accounts: CNPJ of further accounts by their token, or of the account itself if not the usual one; they all sell
            the same.
    """

    quirks: Quirks = COMMON
    limits: Limits = field(default_factory=Limits)
    latency_s: float = 0.0
    slow_s: float = 5.0
    faults: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)

    def changed(self, values: Mapping[str, Any]) -> Self:
        """Return settings with some values replaced.

        Args:
            values: As ``to_dict`` gives, any part of it; ``profile`` first sets all quirks at once.

        Raises:
            ValueError: A name is unknown or a value has the wrong type; the message names it.
        """
        rest = dict(values)
        quirks = self.quirks
        if "profile" in rest:
            name = rest.pop("profile")
            if name not in PROFILES:
                raise ValueError(f"profile {name!r} is unknown: one of {', '.join(PROFILES)}")
            quirks = PROFILES[name]
        faults = rest.pop("faults", self.faults)
        accounts = _texts("accounts", rest.pop("accounts", self.accounts))
        checked = {service: _rates(service, rates) for service, rates in _mapping("faults", faults).items()}
        quirks = _replace("quirks", quirks, _mapping("quirks", rest.pop("quirks", {})))
        limits = _replace("limits", self.limits, _mapping("limits", rest.pop("limits", {})))
        plain = {key: _number(key, value) for key, value in rest.items() if key in {"latency_s", "slow_s"}}
        unknown = rest.keys() - plain.keys()
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        return dataclasses.replace(
            self, quirks=quirks, limits=limits, faults=checked, accounts=accounts, **plain
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert them to plain values for JSON."""
        return dataclasses.asdict(self)


def load_scenario(path: Path) -> Settings:
    """Read settings from a TOML file with the keys of ``Settings`` and, optionally, ``profile``.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file is not TOML, or names something unknown.
    """
    return Settings().changed(tomllib.loads(path.read_text(encoding="utf-8")))


T = TypeVar("T", Quirks, Limits)


def _replace(where: str, current: T, values: Mapping[str, Any]) -> T:
    kinds = {f.name: type(getattr(current, f.name)) for f in dataclasses.fields(current)}
    clean: dict[str, Any] = {}
    for name, value in values.items():
        if name not in kinds:
            raise ValueError(f"unknown setting: {where}.{name}")
        label = f"{where}.{name}"
        if kinds[name] is bool and not isinstance(value, bool):
            raise ValueError(f"{label} must be true or false")
        clean[name] = value if kinds[name] is bool else kinds[name](_number(label, value))
    return dataclasses.replace(current, **clean)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool | int | float) and value >= 0:
        return float(value)
    raise ValueError(f"{name} must be a number, 0 or more")


def _mapping(name: str, value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise ValueError(f"{name} must be an object")


def _texts(name: str, value: object) -> Mapping[str, str]:
    found = _mapping(name, value)
    if not all(isinstance(text, str) for text in found.values()):
        raise ValueError(f"the values of {name} must be texts")
    return found


def _rates(service: str, rates: object) -> Mapping[str, float]:
    found = _mapping(f"faults.{service}", rates)
    return {check_kind(kind): _number(f"faults.{service}.{kind}", rate) for kind, rate in found.items()}
