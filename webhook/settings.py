"""Settings of the receiver: the stores file and a few environment variables, checked once, at the start."""

import hmac
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import yaml

from .glance import cnpj_key

# Long enough not to be guessed, and unchanged in a path and in a query. Cloud Run keeps some paths that end with z for
# itself (https://cloud.google.com/run/docs/known-issues).
_SECRET: Final = re.compile(r"[A-Za-z0-9._~-]{16,}(?<!z)")


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says how to set it."""


class Store(NamedTuple):
    """One store: its short name, its CNPJ as `cnpj_key` writes it, the zone of arrival times, its inbox."""

    prefix: str
    cnpj: str
    timezone: ZoneInfo
    bucket: str


class Settings(NamedTuple):
    """The stores, each secret with the prefixes of the stores that it opens (none: all are open), and the limits.

    `max_bytes` is the largest body, `max_seconds` the longest time that a request may take to arrive, `connections` how
    many senders are heard at once.
    """

    stores: Sequence[Store]
    secrets: Mapping[str, frozenset[str]]
    max_bytes: int
    max_seconds: int
    connections: int

    def opened_by(self, *offers: str) -> list[Store]:
        """Return the stores that an address opens. Each secret is compared to its end, so that time tells nothing."""
        pairs = [(offer.encode(errors="replace"), secret) for offer in offers for secret in self.secrets]
        found = [secret for offer, secret in pairs if hmac.compare_digest(offer, secret.encode())]
        opened = {prefix for secret in found for prefix in self.secrets[secret]}
        return [store for store in self.stores if store.prefix in opened or not self.secrets]


def load(environment: Mapping[str, str], folder: Path) -> Settings:
    """Read the settings. Unless it is named, the stores file is beside the program, as deployed, or in `../include`."""
    named = environment.get("STORES_FILE")
    paths = [Path(named)] if named else [folder / "stores.yaml", folder.parent / "include" / "stores.yaml"]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise SettingsError(f"stores file: not found at {' and '.join(map(str, paths))}; see STORES_FILE")
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["stores"]
        stores = [_store(entry, f"{path}: stores[{index}]") for index, entry in enumerate(entries)]
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: stores: expected a list, in YAML ({type(error).__name__})") from error
    if not stores or any(len({store[n] for store in stores}) < len(stores) for n in (0, 1)):
        raise SettingsError(f"{path}: stores: expected one or more, of different prefix and cnpj")
    secrets = _secrets(environment, {store.prefix for store in stores})
    return Settings(
        stores,
        secrets,
        max_bytes=_number(environment, "WEBHOOK_MAX_BYTES", 1 << 20, 1 << 25),
        max_seconds=_number(environment, "WEBHOOK_MAX_SECONDS", 10, 3600),
        connections=_number(environment, "WEBHOOK_CONNECTIONS", 256, 4096),
    )


def _number(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not (re.fullmatch(r"[0-9]{1,8}", text) and 0 < int(text) <= most):
        raise SettingsError(f"{name}: expected a number from 1 to {most}")
    return int(text)


def _store(item: Any, where: str) -> Store:
    for field in ("prefix", "cnpj", "timezone", "webhook_bucket"):
        value = item.get(field) if isinstance(item, dict) else None
        if not (isinstance(value, str) and value and (field != "timezone" or value in available_timezones())):
            raise SettingsError(f"{where}.{field}: expected one, as text (all digits: in quotes)")
    return Store(item["prefix"], cnpj_key(item["cnpj"]), ZoneInfo(item["timezone"]), item["webhook_bucket"])


def _secrets(environment: Mapping[str, str], prefixes: set[str]) -> Mapping[str, frozenset[str]]:
    """Read the secrets; a broken list or a misspelled name must stop the start, never open an address."""
    opens = {f"WEBHOOK_SECRETS_{prefix.upper()}": frozenset({prefix}) for prefix in prefixes}
    opens["WEBHOOK_SECRETS"] = frozenset(prefixes)
    names = " or ".join(sorted(opens))
    secrets: dict[str, frozenset[str]] = {}
    for name in (name for name, text in environment.items() if text and name.startswith("WEBHOOK_SECRETS")):
        # A secret that was saved by an editor or by echo ends in a line break.
        found = [secret.strip() for secret in environment[name].split(",")]
        if name not in opens or not all(map(_SECRET.fullmatch, found)):
            expected = f"{names}, with secrets of 16 or more letters, digits or ._~-"
            raise SettingsError(
                f"{name}: expected {expected}, no z at the end, commas between (openssl rand -hex 24 makes one)"
            )
        secrets |= {secret: opens[name] | secrets.get(secret, frozenset()) for secret in found}
    if not secrets and environment.get("WEBHOOK_OPEN") != "true":
        raise SettingsError(f"{names}: expected a secret; WEBHOOK_OPEN=true does without, for tests")
    return secrets
