"""The events that a file of the inbox holds, in whatever envelope they came.

Receivers of Tiny's webhooks report JSON and form fields, ``dados`` as an object and as JSON text, other encodings than
UTF-8, and packed bodies. People upload lists and lines by hand. So whatever may hold an event is opened, layer by
layer. An event is an object with ``tipo`` beside ``cnpj`` or ``dados``. Texts inside it may be garbled: the order is
read from the API.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64, a2b_qp
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from tiny_operators.orders.json_values import as_object
from tiny_operators.orders.packed import PackedError, TooLargeError, Unpacker, has_control
from tiny_operators.tiny.answers import Json, parse_json
from tiny_operators.tiny.containers import MOST_LEVELS, is_too_deep
from tiny_operators.tiny.encodings import decode
from tiny_operators.wording import kind_of

_MOST_LAYERS: Final = 16
_MOST_FIELDS: Final = 1000
# More than the events that a file may hold: each line costs time, and all other files wait for it.
_MOST_LINES: Final = 10_000
# The field that every event has; a form writes letters as they are.
_KIND: Final = "tipo"
BLANKS: Final = " \t\r\n\v\f\ufeff"
# Not strict: a text may hold raw tabs and line breaks.
_JSON: Final = json.JSONDecoder(object_pairs_hook=as_object, strict=False)
# What programs write between values and around them, beside blanks: signs for the end of a text, a record or a line.
_BETWEEN: Final = BLANKS + ",\0\x1a\x1e\u2028\u2029"
_GAP: Final = re.compile(rf"[{_BETWEEN}]*")
# Python knows more encodings; some of them take very long for a large file.
_ENCODINGS: Final = re.compile(r"(utf|iso|windows|cp|latin|us-?ascii|ascii|mac)[a-z0-9_-]*", re.IGNORECASE)
# A bracket that begins a JSON text, as a form writes it, however often it was written so.
_PERCENT: Final = re.compile(r"(?i)%(?:25)*[57]b")
_BRACKETS: Final = re.compile(r"dados\[['\"]?(\w+)['\"]?\]", re.ASCII)
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_PART_NAME: Final = re.compile(r'(?i)\bname="?([^";\r\n]*)')
_PART_TYPE: Final = re.compile(r"(?im)^content-type:(.*)$")
_PART_CODE: Final = re.compile(r"(?im)^content-transfer-encoding:\s*(base64|quoted-printable)")


@dataclass(frozen=True)
class Unreadable:
    """Something in a file that is no event.

    Attributes:
        found: The kind of what is there, in words.
    """

    found: str


Found = Json | Unreadable
_NO_JSON: Final = Unreadable("text that is not JSON")
_TOO_DEEP: Final = Unreadable(f"JSON that is nested more than {MOST_LEVELS} levels deep")


def read_events(content: bytes, content_type: str = "") -> list[Found]:
    """Read the events of a file, each with lower-case field names and with ``dados`` opened; and what else is in it.

    Args:
        content: The file.
        content_type: What its sender called it; it is empty or wrong for many files.

    Returns:
        At least one entry. An object that is no event is returned as it is when the file holds nothing else.
    """
    charset, boundary = _parameters(content_type)
    unpacker = Unpacker()
    try:
        plain = unpacker.unpacked(content)
        fields = _parts(plain, boundary, unpacker)
    except PackedError as error:
        return [Unreadable(str(error))]
    if fields and (found := _of_fields(fields, _MOST_LAYERS)):
        return found
    text = _text_of(plain, charset)
    return _of_text(text, _MOST_LAYERS) or [_without_event(plain, text)]


def events_in(text: str) -> list[Json]:
    """Return the events that a text holds in whatever form; none when it holds none."""
    return [found for found in _events(text, _MOST_LAYERS) if not isinstance(found, Unreadable)]


def _parameters(content_type: str) -> tuple[str, str]:
    """Read the charset and the boundary from a content type; each is empty where it is not given."""
    header = Message()
    header["Content-Type"] = content_type
    try:
        charset, boundary = header.get_content_charset(""), header.get_boundary("")
    except (ValueError, LookupError):
        return "", ""
    return charset if _ENCODINGS.fullmatch(charset) else "", str(boundary)


def _text_of(content: bytes, charset: str) -> str:
    return decode(content, charset).text.strip(BLANKS)


def _parts(content: bytes, boundary: str, unpacker: Unpacker) -> list[tuple[str, str]]:
    """Read names and texts of a multipart form; none when it is no such form. A part that is damaged is passed over."""
    # A header may name characters that cannot be encoded, or another boundary than the body has.
    declared = f"--{boundary}".encode(errors="replace") if boundary else b""
    lines = (declared, content.lstrip().split(b"\n", 1)[0].strip())
    line = next((each for each in lines if re.match(rb"--.", each) and each in content), None)
    fields = []
    for part in content.split(line)[1:] if line else ():
        head, *body = _HEAD_END.split(part, 1)
        if not body or not body[0]:
            continue
        header = head.decode("latin-1")
        name, kind = _PART_NAME.search(header), _PART_TYPE.search(header)
        try:
            plain = unpacker.unpacked(_part_bytes(header, body[0]))
        except TooLargeError:
            raise
        except ValueError:
            continue
        charset, _ = _parameters(kind[1].strip() if kind else "")
        fields.append((name[1] if name else "", _text_of(plain, charset)))
    return fields


def _part_bytes(header: str, body: bytes) -> bytes:
    """Return the bytes of a part without its last line break, and as they were before they were made mail.

    Raises:
        ValueError: When they cannot be restored.
    """
    plain, code = re.sub(rb"\r?\n\Z", b"", body), _PART_CODE.search(header)
    if not code:
        return plain
    return a2b_base64(plain) if code[1].lower() == "base64" else a2b_qp(plain)


def _of_fields(pairs: list[tuple[str, str]], layers: int) -> list[Found]:
    """Find events in a form: its fields are one, or some hold some; a field without value may hold one in its name."""
    fields = as_object([(_word(name), value or name) for name, value in pairs])
    dados = as_object([
        (found[1], value) for name, value in pairs if (found := _BRACKETS.fullmatch(_word(name)))
    ])
    if dados:
        fields.setdefault("dados", dados)
    return _events(fields, layers)


def _of_text(text: str, layers: int) -> list[Found]:
    """Find events in a text: one or several JSON values, or form fields."""
    if found := _events(_json_values(text), layers - 1):
        return found
    if "=" not in text:
        return _of_text(unquote_plus(text), layers - 1) if _PERCENT.match(text) and layers > 0 else []
    lines = _lines(text) if text.lower().count(_KIND) > 1 else []
    if len(lines) > _MOST_LINES:
        return []
    if len(lines) > 1:
        each = [_of_form(line, layers) if _KIND in line.lower() else [] for line in lines]
        # One form may have line breaks in a value: then no two of its lines hold events.
        if sum(map(bool, each)) > 1:
            return [found for inside in each for found in inside or [_NO_JSON]]
    return _of_form(text, layers)


def _of_form(text: str, layers: int) -> list[Found]:
    """Find events in the fields of a form."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []
    return _of_fields(pairs, layers - 1)


def _json_values(text: str) -> list[Any]:
    """Read the JSON values that a text consists of; if it is not JSON as a whole, those of its lines."""
    values, at = [], _end_of_gap(text, 0)
    try:
        while at < len(text):
            value, at = _JSON.raw_decode(text, at)
            at = _end_of_gap(text, at)
            values.append(_TOO_DEEP if is_too_deep(value) else value)
    except (ValueError, RecursionError) as error:
        lines = _lines(text)
        if len(lines) > _MOST_LINES:
            return [Unreadable(f"more than {_MOST_LINES} lines")]
        if len(lines) > 1:
            return list(map(_json_line, lines))
        return [_TOO_DEEP] if isinstance(error, RecursionError) else []
    return values


def _lines(text: str) -> list[str]:
    return [line for line in (line.strip(_BETWEEN) for line in text.split("\n")) if line]


def _json_line(line: str) -> Any:
    try:
        value = _JSON.decode(line)
    except RecursionError:
        return _TOO_DEEP
    except ValueError:
        return _NO_JSON
    return _TOO_DEEP if is_too_deep(value) else value


def _end_of_gap(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _events(value: object, layers: int) -> list[Found]:
    """Find the events inside a value; none when there are none. Other things beside an event are reported."""
    if layers > 0:
        match value:
            case dict():
                return _of_object(_in_small_letters(value), layers)
            case list():
                each = [(item, _events(item, layers - 1)) for item in value]
                if any(found for _, found in each):
                    return [found for item, inside in each for found in inside or [_no_event(item)]]
            case str() if (text := value.strip(BLANKS)) and (
                text[0] in '{["' or "=" in text or _PERCENT.match(text)
            ):
                return _of_text(text, layers - 1)
    return []


def _of_object(fields: Json, layers: int) -> list[Found]:
    if "tipo" in fields and fields.keys() & {"cnpj", "dados"}:
        return [{**fields, "dados": _opened(fields.get("dados"))}]
    return [found for inner in fields.values() for found in _events(inner, layers - 1)]


def _in_small_letters(record: Json) -> Json:
    return as_object([(_word(name), value) for name, value in record.items()])


def _opened(dados: object) -> object:
    """Return ``dados`` as an object where it is JSON text."""
    for _ in range(_MOST_LAYERS):
        if not isinstance(dados, str):
            break
        try:
            dados = parse_json(dados.strip(BLANKS), _JSON)
        except ValueError:
            break
    return dados


def _without_event(content: bytes, text: str) -> Found:
    """Say what a file is that holds no event."""
    if not text:
        return Unreadable("nothing")
    values = _json_values(text)
    if len(values) == 1:
        (value,) = values
        return _in_small_letters(value) if isinstance(value, dict) else _no_event(value)
    if values:
        return Unreadable(f"{len(values)} lines or values without an event")
    return Unreadable(
        "bytes that are no text" if has_control(content) else "text without an event, as JSON and as a form"
    )


def _no_event(value: object) -> Unreadable:
    return value if isinstance(value, Unreadable) else Unreadable(kind_of(value))


def _word(name: object) -> str:
    return str(name).replace("\ufeff", "").strip().lower()
