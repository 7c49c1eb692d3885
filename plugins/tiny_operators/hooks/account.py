"""The way to a store's account: what an Airflow connection says about it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tiny_operators._compat import AirflowFailException, Connection

_DEFAULT_PER_MINUTE: Final = 30
_DEFAULT_SHARE: Final = 0.8
_API_PATH: Final = "/api2/"


@dataclass(frozen=True)
class Account:
    """The way to a store's account.

    Attributes:
        base_url: Address of the API, ending in a slash.
        token: The account's token; only ever sent in a POST body.
        per_minute: Calls that the account may make in a minute.
        share: Part of it that this pipeline may use.
    """

    base_url: str
    token: str
    per_minute: float
    share: float

    def __repr__(self) -> str:
        return f"Account(base_url={self.base_url!r}, token=***)"

    def fingerprint(self, salt: str) -> str:
        """Return a text that shows whether address or token changed, and from which neither can be restored."""
        return hmac.new(self.token.encode(), f"{salt} {self.base_url}".encode(), "sha256").hexdigest()[:32]


def read_account(conn: Connection) -> Account:
    """Read the account behind a connection.

    Raises:
        AirflowFailException: When a field is missing or out of range; the message names it.
    """
    where = f"Connection {conn.conn_id!r}"
    host = str(conn.host or "").strip()
    if not host:
        raise AirflowFailException(f"{where}: host must be the API's address: https://api.tiny.com.br/api2/")
    try:
        address = urlsplit(host if "://" in host else f"{_scheme(conn)}://{host}")
        netloc = address.netloc if address.port or not conn.port else f"{address.netloc}:{conn.port}"
    except ValueError as error:
        raise AirflowFailException(f"{where}: host is not an address: {error}") from error
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise AirflowFailException(f"{where}: host must be the API's address: https://api.tiny.com.br/api2/")
    path = address.path if address.path.strip("/") else _API_PATH
    if not str(conn.password or "").strip():
        raise AirflowFailException(f"{where}: password must be the store's API token")
    extra = conn.extra_dejson
    return Account(
        base_url=f"{address.scheme}://{netloc}{path.rstrip('/')}/",
        token=str(conn.password).strip(),
        per_minute=_positive(
            extra.get("requests_per_minute", _DEFAULT_PER_MINUTE), where, "requests_per_minute"
        ),
        share=_positive(extra.get("share", _DEFAULT_SHARE), where, "share", most=1),
    )


def _scheme(conn: Connection) -> str:
    if conn.schema in {"http", "https"}:
        return str(conn.schema)
    # The token never leaves this machine unencrypted; a simulator on it has no certificate.
    return "http" if str(conn.host).split(":")[0] in {"127.0.0.1", "localhost"} else "https"


def _positive(value: object, where: str, name: str, most: float = 100_000) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = 0
    if not 0 < number <= most:
        raise AirflowFailException(f"{where}: extra field {name!r} must be a number above 0, at most {most}")
    return number
