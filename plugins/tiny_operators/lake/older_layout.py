"""The older raw layout: a folder for each reading of an order, a file in it for each answer, whole and as it came.

Folders are named ``{moment}-{order id}-{uuid}/`` and files ``z316-tiny-api-{order id}-{what}-{moment}-{uuid}.json``,
where ``what`` is ``pdv``, ``pesquisa`` or ``produto-{product id}``. A moment is YYYYMMDDTHHMMSS in the store's time
zone: the folder's is that of the sale's arrival, a file's is that of its reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from tiny_operators.orders.outcomes import Reject
from tiny_operators.orders.raw_lines import Envelope, Kind, RawLine
from tiny_operators.orders.rows import OrderRows, order_rows, product_ids
from tiny_operators.stores import Store
from tiny_operators.tiny.answers import parse_json
from tiny_operators.tiny.api import PDV_PEDIDO_OBTER, PEDIDOS_PESQUISA, PRODUTO_OBTER
from tiny_operators.tiny.encodings import decode
from tiny_operators.wording import kind_of

_PATH: Final = "webhook"
_VERSION: Final = "older"
_SERVICES: Final[dict[Kind, str]] = {
    "pdv": PDV_PEDIDO_OBTER,
    "pesquisa": PEDIDOS_PESQUISA,
    "produto": PRODUTO_OBTER,
}
# A row needs both; products are extra.
_NEEDED: Final[tuple[Kind, ...]] = ("pdv", "pesquisa")

_FOLDER: Final = re.compile(r"([0-9]{8}T[0-9]{6})-([0-9]{1,18})-[^/]+/")
_FILE: Final = re.compile(
    r"[^/]+-tiny-api-[0-9]+-(?:(pdv|pesquisa)|(produto)-([0-9]{1,18}))-([0-9]{8}T[0-9]{6})-[^/]+\.json"
)


@dataclass(frozen=True)
class OlderFolder:
    """What the name of a folder says.

    Attributes:
        pedido: Tiny's id of the order.
        arrived_at: When the sale reached the pipeline, in UTC.
    """

    pedido: int
    arrived_at: datetime


@dataclass(frozen=True)
class OlderFile:
    """What the name of a file says.

    Attributes:
        kind: Table that the answer feeds.
        produto: Product that it is about; None for other kinds.
        fetched_at: When it was read, in UTC.
    """

    kind: Kind
    produto: int | None
    fetched_at: datetime


def folder_of(name: str) -> str:
    """Return the folder that an object is in, with its slash; the name itself for an object that is in none."""
    folder, slash, _ = name.partition("/")
    return folder + slash


def read_folder_name(folder: str, timezone: str) -> OlderFolder | None:
    """Read what the name of a folder says; None for a folder of anything else.

    Args:
        folder: The name, with its slash.
        timezone: IANA name of the store's time zone.
    """
    found = _FOLDER.fullmatch(folder)
    arrived_at = _moment(found[1], timezone) if found else None
    return OlderFolder(int(found[2]), arrived_at) if found and arrived_at else None


def read_file_name(name: str, timezone: str) -> OlderFile | None:
    """Read what the name of a file says; None for a file of anything else.

    Args:
        name: The name, without its folder.
        timezone: IANA name of the store's time zone.
    """
    found = _FILE.fullmatch(name)
    fetched_at = _moment(found[4], timezone) if found else None
    if not found or fetched_at is None:
        return None
    return OlderFile(cast("Kind", found[1] or found[2]), int(found[3]) if found[3] else None, fetched_at)


def older_order_rows(store: Store, folder: str, contents: Mapping[str, bytes]) -> OrderRows:
    """Build the rows of one folder.

    Args:
        store: The store.
        folder: Its name, with its slash.
        contents: Its files, by their names without the folder.

    Returns:
        Rows, or the reasons why there are none; never an error for what somebody put into the folder.
    """
    about = read_folder_name(folder, store.timezone)
    if about is None:
        expected = "a folder named {YYYYMMDDTHHMMSS}-{order id}-{uuid}"
        return OrderRows(0, rejects=[_reject(store, folder, "(folder)", expected, "another name")])
    lines: list[RawLine] = []
    rejects: list[Reject] = []
    for name, content in contents.items():
        match _raw_line(store, folder, about, name, content):
            case Reject() as reject:
                rejects.append(reject)
            case line:
                lines.append(line)
    lines.sort(key=lambda line: line.fetched)
    # Of several readings the newest counts; of a product the first, nearest to the sale: as in a merge.
    newest = {line.envelope.kind: line for line in lines}
    products = {line.envelope.produto: line for line in reversed(lines) if line.envelope.produto is not None}
    rejects += _missing(store, folder, newest, rejects)
    if not all(kind in newest for kind in _NEEDED):
        return OrderRows(about.pedido, rejects=rejects, read_at=about.arrived_at)
    result = order_rows(newest["pdv"], newest["pesquisa"], products)
    sold = {produto for row in result.rows["pdv"] for produto in product_ids(row)}
    rejected = {reject.produto for reject in rejects}
    for produto in sorted(sold - products.keys() - rejected):
        expected = f"a file …-produto-{produto}-… with the answer"
        rejects.append(_reject(store, folder, "produto", expected, "none", produto=produto))
    result.rejects += rejects
    return result


def _raw_line(store: Store, folder: str, about: OlderFolder, name: str, content: bytes) -> RawLine | Reject:
    """Build the raw line for a file, or say why there is none."""
    file = read_file_name(name, store.timezone)
    if file is None:
        expected = (
            "z316-tiny-api-{order id}-{pdv|pesquisa|produto-{product id}}-{YYYYMMDDTHHMMSS}-{uuid}.json"
        )
        return _reject(store, folder + name, "(file)", expected, "another name")
    try:
        answer = parse_json(decode(content).text)
    except ValueError:
        return _reject(store, folder + name, file.kind, "JSON", "something else", produto=file.produto)
    if not isinstance(answer, dict) or not isinstance(answer.get("retorno"), dict):
        found = "an object without it" if isinstance(answer, dict) else kind_of(answer)
        expected = "an answer: an object with an object 'retorno'"
        return _reject(store, folder + name, file.kind, expected, found, produto=file.produto)
    of_order = file.kind == "pdv"
    envelope = Envelope(
        store=store.prefix,
        kind=file.kind,
        pedido=about.pedido if of_order else None,
        produto=file.produto,
        arrived_at=about.arrived_at.isoformat() if of_order else None,
        fetched_at=file.fetched_at.isoformat(),
        path=_PATH,
        version=_VERSION,
        request={"service": _SERVICES[file.kind]},
    )
    return RawLine(envelope, answer)


def _missing(
    store: Store, folder: str, lines: Mapping[Kind, RawLine], rejects: list[Reject]
) -> Iterator[Reject]:
    """Yield a reason for each answer that a row needs and no file has, not even a bad one."""
    rejected = {reject.field for reject in rejects}
    for kind in _NEEDED:
        if kind not in lines and kind not in rejected:
            yield _reject(store, folder, kind, f"a file …-{kind}-… with the answer", "none")


def _reject(
    store: Store, name: str, field: str, expected: str, found: str, *, produto: int | None = None
) -> Reject:
    action = f"see gs://{store.api_bucket}/{name}; fix or remove it, then replay its date again"
    return Reject("rows", field, expected, found, action, produto)


def _moment(text: str, timezone: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
