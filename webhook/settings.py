"""Settings of the receiver: the stores file and a few environment variables, checked once, at the start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import yaml

from .payload import cnpj_key

_MAX_BYTES_DEFAULT: Final = 1024 * 1024
_MAX_BYTES_CEILING: Final = 32 * 1024 * 1024
"""Cloud Run takes no larger request over HTTP/1."""
_SECRET: Final = re.compile(r"[A-Za-z0-9._~-]{16,}")
"""Long enough not to be guessed, and unchanged in a path and in a query."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says how to set it."""


@dataclass(frozen=True, slots=True)
class Store:
    """One store, as the receiver needs it.

    Attributes:
        prefix: Short name, used in object names and logs.
        cnpj: CNPJ (or CPF) by which its events are known.
        timezone: Zone of the arrival time in object names.
        bucket: Cloud Storage bucket of its webhook files, its inbox.
    """

    prefix: str
    cnpj: str
    timezone: ZoneInfo
    bucket: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the receiver.

    Attributes:
        stores: The stores by prefix.
        secrets: Secrets that open the address; none means that it is open.
        max_bytes: Largest body that is taken, in bytes.
    """

    stores: Mapping[str, Store]
    secrets: tuple[str, ...]
    max_bytes: int

    @property
    def prefixes(self) -> dict[str, str]:
        """Prefix of each store by the comparable form of its CNPJ."""
        return {cnpj_key(store.cnpj): prefix for prefix, store in self.stores.items()}


def load(environment: Mapping[str, str], folder: Path) -> Settings:
    """Read and check all settings.

    Args:
        environment: `STORES_FILE`, `WEBHOOK_SECRETS` and `WEBHOOK_MAX_BYTES`, each optional.
        folder: Folder of the program. The stores file is `stores.yaml` in it, as deployed, or
            `../include/stores.yaml`, as in the repository, unless `STORES_FILE` names another.

    Returns:
        The settings.

    Raises:
        SettingsError: If one is missing or wrong.
    """
    return Settings(
        stores=_stores(_stores_file(environment, folder)),
        secrets=_secrets(environment.get("WEBHOOK_SECRETS", "")),
        max_bytes=_max_bytes(environment.get("WEBHOOK_MAX_BYTES", "")),
    )


def _stores_file(environment: Mapping[str, str], folder: Path) -> Path:
    named = environment.get("STORES_FILE")
    here = [folder / "stores.yaml", folder.parent / "include" / "stores.yaml"]
    candidates = [Path(named)] if named else here
    for path in candidates:
        if path.is_file():
            return path
    looked = " and ".join(str(path) for path in candidates)
    raise SettingsError(f"stores file: not found at {looked}; put it there, or name it in STORES_FILE")


def _stores(path: Path) -> dict[str, Store]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML ({type(error).__name__})") from error
    entries = document.get("stores") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"{path}: stores: expected a list with at least one store")
    stores: dict[str, Store] = {}
    for index, entry in enumerate(entries):
        where = f"{path}: stores[{index}]"
        store = _store(entry, where)
        if store.prefix in stores:
            raise SettingsError(f"{where}.prefix: {store.prefix!r} is taken by an earlier store")
        if any(cnpj_key(store.cnpj) == cnpj_key(other.cnpj) for other in stores.values()):
            raise SettingsError(f"{where}.cnpj: is the CNPJ of an earlier store")
        stores[store.prefix] = store
    return stores


def _store(entry: object, where: str) -> Store:
    if not isinstance(entry, dict):
        raise SettingsError(f"{where}: expected the fields of a store")
    zone = _text(entry, "timezone", where, r".+", "a time zone such as America/Sao_Paulo")
    try:
        timezone = ZoneInfo(zone)
    except (OSError, ValueError, LookupError) as error:
        raise SettingsError(f"{where}.timezone: {zone!r} is no known time zone") from error
    return Store(
        prefix=_text(entry, "prefix", where, r"[a-z][a-z0-9_]*", "a name such as z316"),
        cnpj=_text(entry, "cnpj", where, r"[0-9A-Z]{12}[0-9]{2}|[0-9]{11}", "a CNPJ or CPF, unpunctuated"),
        timezone=timezone,
        bucket=_text(entry, "webhook_bucket", where, r"[a-z0-9][a-z0-9._-]+[a-z0-9]", "a bucket's name"),
    )


def _text(entry: Mapping[object, object], field: str, where: str, pattern: str, expected: str) -> str:
    value = entry.get(field)
    if not (isinstance(value, str) and re.fullmatch(pattern, value)):
        raise SettingsError(f"{where}.{field}: expected {expected}, as text (all digits: in quotes)")
    return value


def _secrets(text: str) -> tuple[str, ...]:
    """Split the secrets; a broken list must stop the start, never open the address."""
    if not text:
        return ()
    # A secret that was saved by an editor or by echo ends in a line break.
    secrets = tuple(secret.strip() for secret in text.split(","))
    if not all(_SECRET.fullmatch(secret) for secret in secrets):
        raise SettingsError(
            "WEBHOOK_SECRETS: expected one or more secrets with commas between, each of at least 16 letters, "
            "digits or . _ ~ - (make one with: openssl rand -hex 24); leave it unset to do without"
        )
    return secrets


def _max_bytes(text: str) -> int:
    if not text:
        return _MAX_BYTES_DEFAULT
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 0 < int(text) <= _MAX_BYTES_CEILING:
        raise SettingsError(f"WEBHOOK_MAX_BYTES: expected a number of bytes from 1 to {_MAX_BYTES_CEILING}")
    return int(text)
