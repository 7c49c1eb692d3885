"""The account behind a connection, in every form that Airflow takes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.tiny_operators.conftest import CONNECTION, TOKEN
from tiny_operators._compat import AirflowFailException
from tiny_operators.hooks.account import Account
from tiny_operators.hooks.tiny import TinyHook

VARIABLE = f"AIRFLOW_CONN_{CONNECTION.upper()}"
PUBLIC = "https://api.tiny.com.br/api2/"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads a connection: a URI, or the fields of one."""

    def read(connection: str | dict[str, Any]) -> Account:
        text = connection if isinstance(connection, str) else json.dumps(connection)
        monkeypatch.setenv(VARIABLE, text)
        return TinyHook(CONNECTION).account

    return read


def fields(**changes: Any) -> dict[str, Any]:
    made = {
        "conn_type": "tiny",
        "host": PUBLIC,
        "password": TOKEN,
        "extra": {"requests_per_minute": 60, "share": 0.5},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def refused(account: Any, connection: str | dict[str, Any]) -> str:
    with pytest.raises(AirflowFailException) as caught:
        account(connection)
    message = str(caught.value)
    assert CONNECTION in message
    assert TOKEN not in message
    return message


@pytest.mark.parametrize(
    "more",
    [
        {"host": "https://api.tiny.com.br/api2/"},
        {"host": "https://api.tiny.com.br/api2"},
        {"host": "https://api.tiny.com.br"},
        {"host": "https://api.tiny.com.br/"},
        {"host": " https://api.tiny.com.br/api2// "},
        {"host": "api.tiny.com.br"},
        {"host": "api.tiny.com.br/api2"},
        {"host": "api.tiny.com.br", "schema": "https"},
        {"host": "api.tiny.com.br", "conn_type": "http"},
        {"host": "api.tiny.com.br", "conn_type": "generic", "schema": "api2"},
    ],
    ids=lambda more: "-".join(more.values()),
)
def test_every_form_of_the_address(more: dict[str, str], account: Any) -> None:
    assert account(fields(**more)) == Account(PUBLIC, TOKEN, 60, 0.5)


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({"host": "http://127.0.0.1:18080/api2/"}, "http://127.0.0.1:18080/api2/"),
        ({"host": "http://127.0.0.1:18080"}, "http://127.0.0.1:18080/api2/"),
        ({"host": "127.0.0.1:18080", "schema": "http"}, "http://127.0.0.1:18080/api2/"),
        ({"host": "127.0.0.1", "schema": "http", "port": 18080}, "http://127.0.0.1:18080/api2/"),
        ({"host": "http://127.0.0.1", "port": 18080}, "http://127.0.0.1:18080/api2/"),
        ({"host": "http://127.0.0.1:18080", "port": 9}, "http://127.0.0.1:18080/api2/"),
        ({"host": "127.0.0.1", "port": 18080}, "http://127.0.0.1:18080/api2/"),
        ({"host": "tiny.example.com", "port": 8443}, "https://tiny.example.com:8443/api2/"),
        ({"host": "https://proxy.example.invalid/tiny/api2"}, "https://proxy.example.invalid/tiny/api2/"),
    ],
)
def test_other_addresses(more: dict[str, Any], address: str, account: Any) -> None:
    assert account(fields(**more)).base_url == address


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        (f"tiny://:{TOKEN}@api.tiny.com.br/?requests_per_minute=60&share=0.5", PUBLIC),
        (f"tiny://:{TOKEN}@api.tiny.com.br/https?requests_per_minute=60&share=0.5", PUBLIC),
        (
            f"tiny://:{TOKEN}@127.0.0.1:18080/http?requests_per_minute=60&share=0.5",
            "http://127.0.0.1:18080/api2/",
        ),
        (
            f"tiny://:{TOKEN}@{quote('http://127.0.0.1:18080/api2/', safe='')}/?requests_per_minute=60&share=0.5",
            "http://127.0.0.1:18080/api2/",
        ),
        (
            f"http://:{TOKEN}@127.0.0.1:18080/http?requests_per_minute=60&share=0.5",
            "http://127.0.0.1:18080/api2/",
        ),
        (
            f"tiny://:{TOKEN}@api.tiny.com.br/?__extra__={quote(json.dumps({'requests_per_minute': 60, 'share': 0.5}), safe='')}",
            PUBLIC,
        ),
    ],
)
def test_every_form_of_a_uri(uri: str, address: str, account: Any) -> None:
    assert account(uri) == Account(address, TOKEN, 60, 0.5)


def test_a_token_of_odd_characters_comes_through_a_uri(account: Any) -> None:
    odd = "a/b:c@d%e+f?g&h=i"
    assert account(f"tiny://:{quote(odd, safe='')}@api.tiny.com.br/").token == odd


def test_without_extra_the_pace_is_that_of_the_smallest_plan(account: Any) -> None:
    found = account(fields(extra=..., password=f" {TOKEN}\n"))
    assert (found.per_minute, found.share, found.token) == (30, 0.8, TOKEN)


@pytest.mark.parametrize(
    "extra", [{"requests_per_minute": "120", "share": "1"}, {"requests_per_minute": 120.0, "share": 1}]
)
def test_numbers_may_be_text(extra: dict[str, Any], account: Any) -> None:
    found = account(fields(extra=extra))
    assert (found.per_minute, found.share) == (120, 1)


def test_an_extra_may_be_json_text(account: Any) -> None:
    assert account(fields(extra='{"requests_per_minute": 20}')).per_minute == 20


@pytest.mark.parametrize("password", [..., "", "  ", None])
def test_a_missing_token_is_named(password: Any, account: Any) -> None:
    assert "password must be the store's API token" in refused(account, fields(password=password))


@pytest.mark.parametrize("host", [..., "", "  ", None])
def test_a_missing_host_is_named(host: Any, account: Any) -> None:
    assert "host must be the API's address" in refused(account, fields(host=host))


@pytest.mark.parametrize(
    "host",
    [
        "http://127.0.0.1:port/api2/",
        "http://127.0.0.1:99999",
        "http://[::1",
        "ftp://api.tiny.com.br",
        "https://",
    ],
)
def test_a_host_that_is_no_address_is_named(host: str, account: Any) -> None:
    assert "host" in refused(account, fields(host=host))


@pytest.mark.parametrize("value", [0, -1, "", "abc", "nan", "inf", None, True, [], 1e9])
def test_a_bad_limit_is_named(value: Any, account: Any) -> None:
    assert "requests_per_minute" in refused(account, fields(extra={"requests_per_minute": value}))


@pytest.mark.parametrize("value", [0, -0.5, 1.01, 80, "80%", "", "nan", None, False, {}])
def test_a_bad_share_is_named(value: Any, account: Any) -> None:
    assert "'share'" in refused(account, fields(extra={"share": value}))


def test_a_missing_connection_is_named_with_the_way_to_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("AIRFLOW_CONN_TINY")]:
        monkeypatch.delenv(variable)
    with pytest.raises(AirflowFailException, match="airflow connections add tiny_nowhere") as caught:
        TinyHook("tiny_nowhere")
    assert "'tiny_nowhere' is missing" in str(caught.value)


def test_the_token_is_in_no_representation(account: Any) -> None:
    found = account(fields())
    assert TOKEN not in f"{found} {found!r} {[found]}"
    assert PUBLIC in repr(found)


def test_nobody_but_the_hook_reads_the_token() -> None:
    """What does not have it cannot put it into an address, an XCom, a template, an exception, a log or an object."""
    package = Path(__file__).parents[3] / "plugins" / "tiny_operators"
    files = [*package.rglob("*.py"), *(package.parents[1] / "dags").glob("*.py")]
    readers = [
        path.name
        for path in files
        if re.search(r"(self|account)\.token\b|conn\.password\b", path.read_text("utf-8"))
    ]
    assert sorted(readers) == ["account.py", "tiny.py"]


def test_a_fingerprint_shows_a_change_and_nothing_else() -> None:
    made = Account(PUBLIC, TOKEN, 60, 0.5)
    others = [
        Account(PUBLIC, TOKEN[::-1], 60, 0.5).fingerprint("salt"),
        Account(f"{PUBLIC}v2/", TOKEN, 60, 0.5).fingerprint("salt"),
        made.fingerprint("pepper"),
    ]
    assert made.fingerprint("salt") == Account(PUBLIC, TOKEN, 30, 1).fingerprint("salt")
    assert len({made.fingerprint("salt"), *others}) == 4
    assert not any(TOKEN[at : at + 8] in made.fingerprint("salt") for at in range(len(TOKEN) - 8))
