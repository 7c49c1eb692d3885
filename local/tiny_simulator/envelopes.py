"""The forms in which receivers of Tiny's webhooks report them: the same event as form, list, other text or packed."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

Json = dict[str, Any]
_BOUNDARY: Final = "----tiny-simulator"


@dataclass(frozen=True, slots=True)
class Post:
    """What is posted.

    Attributes:
        body: The bytes.
        content_type: What is said of them.
        encoding: How they are packed; empty for not at all.
    """

    body: bytes
    content_type: str = "application/json"
    encoding: str = ""


def _text(event: object) -> str:
    return json.dumps(event, ensure_ascii=False)


def _form_fields(event: Json) -> Post:
    fields = {**event, "dados": _text(event["dados"])}
    return Post(urlencode(fields).encode(), "application/x-www-form-urlencoded")


def _form_field(event: Json) -> Post:
    return Post(urlencode({"data": _text(event)}).encode(), "application/x-www-form-urlencoded")


def _multipart(event: Json) -> Post:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="data"\r\n\r\n'
    body = f"{head}{_text(event)}\r\n--{_BOUNDARY}--\r\n".encode()
    return Post(body, f"multipart/form-data; boundary={_BOUNDARY}")


def _spelled(event: Json) -> Post:
    dados = {**event["dados"], "id": f" {event['dados']['id']} "}
    return Post(_text({**event, "tipo": event["tipo"].capitalize(), "dados": dados}).encode())


ENVELOPES: Final[dict[str, Callable[[Json], Post]]] = {
    "json": lambda event: Post(json.dumps(event).encode()),
    "plain_type": lambda event: Post(json.dumps(event).encode(), "text/plain"),
    "form_fields": _form_fields,
    "form_field": _form_field,
    "multipart": _multipart,
    "dados_as_text": lambda event: Post(_text({**event, "dados": _text(event["dados"])}).encode()),
    "list": lambda event: Post(_text([event]).encode()),
    "byte_order_mark": lambda event: Post(_text(event).encode("utf-8-sig")),
    "utf_16": lambda event: Post(_text(event).encode("utf-16")),
    "latin_1": lambda event: Post(
        _text(event).encode("latin-1", "replace"), "application/json; charset=iso-8859-1"
    ),
    "gzip": lambda event: Post(gzip.compress(_text(event).encode()), encoding="gzip"),
    "spelled": _spelled,
}
"""By name; `json` is the usual one."""
