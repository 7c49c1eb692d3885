"""What an answer of Tiny's API v2 means, and the numbers in it, as Tiny and Brazilian software write them.

Business errors come with HTTP 200 and a code in the body; codes and numbers come as text or number, ``erros`` as a
list, an object, plain texts or not at all. Source: "Tabela de códigos de erros" of Tiny's API 2 documentation
(https://tiny.com.br/api-docs/api2-tabelas-processamento) and what its users recorded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

from tiny_operators.tiny.containers import MOST_LEVELS, is_too_deep
from tiny_operators.tiny.encodings import UTF_8

Json = dict[str, Any]


class Meaning(Enum):
    """What to do with an answer."""

    OK = "ok"
    NO_ROWS = "no rows"
    TOO_MANY_ROWS = "too many rows"
    PAST_LAST_PAGE = "past the last page"
    NOT_FOUND = "not found"
    RECORD_REFUSED = "record refused"
    THROTTLED = "throttled"
    TOO_MANY_AT_ONCE = "too many at once"
    TRY_AGAIN = "try again"
    MAINTENANCE = "maintenance"
    EDGE_REFUSED = "edge refused"
    ACCOUNT_REFUSED = "account refused"
    REQUEST_REFUSED = "request refused"


RETRYABLE: Final = frozenset({
    Meaning.THROTTLED,
    Meaning.TOO_MANY_AT_ONCE,
    Meaning.TRY_AGAIN,
    Meaning.MAINTENANCE,
    Meaning.EDGE_REFUSED,
})
FATAL: Final = frozenset({Meaning.ACCOUNT_REFUSED, Meaning.REQUEST_REFUSED})

_BY_CODE: Final[dict[int, tuple[Meaning, str]]] = {
    1: (Meaning.ACCOUNT_REFUSED, "no token was sent: set the connection's password to the store's API token"),
    2: (
        Meaning.ACCOUNT_REFUSED,
        "the token is wrong: set the connection's password to the store's API token",
    ),
    3: (Meaning.REQUEST_REFUSED, "malformed request"),
    4: (Meaning.REQUEST_REFUSED, "the request could not be processed"),
    5: (Meaning.ACCOUNT_REFUSED, "the API is blocked for this account: check the store's plan in Tiny"),
    6: (Meaning.THROTTLED, "too many calls in the last minute"),
    7: (Meaning.ACCOUNT_REFUSED, "the account's space is used up: see Tiny's settings"),
    8: (Meaning.ACCOUNT_REFUSED, "the company is blocked: see Tiny's settings"),
    9: (Meaning.REQUEST_REFUSED, "repeated sequence numbers"),
    10: (Meaning.REQUEST_REFUSED, "a parameter is missing"),
    11: (Meaning.TOO_MANY_AT_ONCE, "too many calls at the same time"),
    20: (Meaning.NO_ROWS, "no rows"),
    21: (Meaning.TOO_MANY_ROWS, "too many rows: ask for a shorter range"),
    22: (Meaning.REQUEST_REFUSED, "too many records in a batch"),
    23: (Meaning.PAST_LAST_PAGE, "there is no such page"),
    30: (Meaning.RECORD_REFUSED, "duplicate record"),
    31: (Meaning.RECORD_REFUSED, "validation errors"),
    32: (Meaning.NOT_FOUND, "Tiny does not know this record"),
    33: (Meaning.RECORD_REFUSED, "the record exists twice"),
    34: (Meaning.RECORD_REFUSED, "the invoice is not authorised"),
    35: (Meaning.TRY_AGAIN, "unexpected error at Tiny"),
    99: (Meaning.MAINTENANCE, "Tiny is under maintenance"),
}
# Tiny itself answers 200, even to a wrong token: these come from the edge in front of it.
_EDGE_STATUSES: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_BY_STATUS: Final = {
    "1": (Meaning.TRY_AGAIN, "not processed, for a reason without a known code"),
    "2": (Meaning.RECORD_REFUSED, "refused, for a reason without a known code"),
}

# Digits in groups of three, or without groups; then the decimals. The mark of groups and that of decimals differ.
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{1,3}(?:,[0-9]{3}){2,}"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*"
    r"|[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
)
_HEAD: Final = re.compile(r"^([+-]?) ?(?:R\$)? ?([+-]?) ?", re.IGNORECASE)
# Blanks that group digits as points do. Other blanks are between two numbers, such as 10 20.
_BLANK_GROUPS: Final = re.compile(r"[+-]?[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]*)?")


@dataclass(frozen=True)
class Answer:
    """One answer, read but not changed.

    Attributes:
        meaning: What to do with it.
        code: Tiny's ``codigo_erro``; None where there is none.
        reason: Our words for it; never Tiny's text, which may hold personal data.
        text: The body as it came, on one line (only white space between JSON tokens is touched).
        retorno: What is under ``retorno``; numbers with decimals are :class:`~decimal.Decimal`.
        encoding: Python's name of the encoding that the body was read by.
        base64: The body's bytes, where they cannot be restored from the text; else None.
    """

    meaning: Meaning
    code: int | None
    reason: str
    text: str
    retorno: Json
    encoding: str = UTF_8
    base64: str | None = None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_EXACT: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def parse_json(text: str, decoder: json.JSONDecoder = _EXACT, *, more_levels: int = 0) -> Any:
    """Parse JSON.

    Args:
        text: The JSON.
        decoder: What decodes it; by itself, decimals are exact.
        more_levels: By how much it may be nested more deeply than an answer.

    Raises:
        ValueError: When it is not JSON (by itself, NaN and Infinity are none), or is nested more deeply than any
            answer: whatever goes through it after this may do so level by level.
    """
    try:
        value = decoder.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except InvalidOperation as error:
        raise ValueError("a number beyond any bound") from error
    # Each level opens once at least, and most answers open less often than that.
    levels = MOST_LEVELS + more_levels
    if text.count("{") + text.count("[") > levels and is_too_deep(value, levels):
        raise ValueError("nested too deeply")
    return value


def read_answer(http_status: int, text: str, expects: str) -> Answer:
    """Judge what an answer means.

    Args:
        http_status: HTTP status code.
        text: The body.
        expects: The key under ``retorno`` that a successful answer has, such as ``pedido``.
    """
    if http_status != HTTPStatus.OK:
        return _bare(*_http_meaning(http_status), text)
    try:
        body = parse_json(text)
    except ValueError:
        return _bare(Meaning.TRY_AGAIN, f"the body is not JSON ({len(text)} characters)", text)
    return read_body(body, expects, one_line(text))


def read_body(body: object, expects: str, text: str = "") -> Answer:
    """Judge what the parsed body of an answer means.

    Args:
        body: The body.
        expects: The key under ``retorno`` that a successful answer has.
        text: The body as text on one line, to be kept.
    """
    retorno = body.get("retorno") if isinstance(body, dict) else None
    if not isinstance(retorno, dict):
        return _bare(Meaning.TRY_AGAIN, "the body has no object 'retorno'", text)
    status = str(retorno.get("status_processamento", "")).strip()
    number = whole_number(status)
    status = status if number is None else str(number)
    code = _code(retorno)
    meaning, reason = _meaning(status, code, retorno, expects)
    return Answer(meaning, code, reason, text, retorno)


def one_line(text: str) -> str:
    """Put JSON on one line: a line break can only be between tokens, since inside a text it must be escaped."""
    return text.strip().replace("\r", " ").replace("\n", " ")


def _meaning(status: str, code: int | None, retorno: Json, expects: str) -> tuple[Meaning, str]:
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if status == "3" and code is None:
        if retorno.get(expects) is None:
            return Meaning.TRY_AGAIN, f"a successful answer without {expects!r}"
        return Meaning.OK, "ok"
    return _BY_STATUS.get(
        status, (Meaning.TRY_AGAIN, f"status_processamento of an unknown kind ({status!r:.8})")
    )


def _http_meaning(status: int) -> tuple[Meaning, str]:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Meaning.THROTTLED, "HTTP 429"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Meaning.TRY_AGAIN, f"HTTP {status}"
    if status in _EDGE_STATUSES:
        return (
            Meaning.EDGE_REFUSED,
            f"refused by the edge (HTTP {status}): the protection in front of Tiny, not Tiny, turned the call away; "
            "if it goes on, ask Tiny's support to admit the address that Airflow calls from",
        )
    return Meaning.REQUEST_REFUSED, f"HTTP {status}: check the connection's host and the service's name"


def _bare(meaning: Meaning, reason: str, text: str) -> Answer:
    return Answer(meaning, None, reason, one_line(text), {})


def whole_number(value: object) -> int | None:
    """Read a whole number of up to 18 digits that came as text or number; None for anything else.

    Programs also write it with blanks or zeros before it, and with zeros as decimals: ``00123``, ``123.0``, ``123,00``.
    """
    found = re.fullmatch(r"([0-9]{1,18})(?:[.,]0{1,2})?", str(value).strip())
    return int(found[1]) if found else None


def parse_decimal(text: str) -> Decimal:
    """Read a decimal in any of the forms that Tiny uses: ``85.90``, ``5,00``, ``1.234,56``, ``-3``, ``R$ 10,00``.

    The last separator is the decimal one; a separator that occurs more than once only groups digits. A single one
    before three digits is the decimal one, too: Tiny writes decimals with a point, and weights in grams of a kilogram.

    Raises:
        ValueError: When it is not a number.
    """
    # Without an argument, split knows every kind of space, the no-break ones too.
    cleaned = " ".join(text.split())
    if " " in cleaned or "$" in cleaned:
        cleaned = _HEAD.sub(r"\1\2", cleaned)
        if _BLANK_GROUPS.fullmatch(cleaned):
            cleaned = cleaned.replace(" ", "")
    if not _NUMBER.fullmatch(cleaned):
        raise ValueError("not a number")
    last = max(cleaned.rfind("."), cleaned.rfind(","))
    if last >= 0:
        mark = cleaned[last]
        other = "," if mark == "." else "."
        cleaned = cleaned.replace(other, "")
        cleaned = cleaned.replace(mark, "" if cleaned.count(mark) > 1 else ".")
    try:
        return Decimal(cleaned)
    except InvalidOperation as error:
        raise ValueError("not a number") from error


def _code(retorno: Json) -> int | None:
    """Find ``codigo_erro``, which may also be inside ``erros`` or, for writes, inside ``registros``."""
    for holder in (retorno, retorno.get("erros"), _inside(retorno.get("registros"), "registro")):
        item = _first(holder)
        for place in (item, _inside(item, "erro")):
            if isinstance(place, dict):
                found = whole_number(place.get("codigo_erro", place.get("codigo")))
                if found:
                    return found
    return None


def _inside(value: object, key: str) -> object:
    item = _first(value)
    return item.get(key) if isinstance(item, dict) else None


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value
