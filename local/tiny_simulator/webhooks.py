"""Webhooks as Tiny posts them, and a sender with Tiny's rules of repetition."""

import asyncio
import json
import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from local.tiny_simulator.model import LABELS, Order
from local.tiny_simulator.people import CNPJ
from local.tiny_simulator.settings import Quirks
from local.tiny_simulator.spelling import chance

Json = dict[str, Any]
TRIES: Final = 11
"""The first try and ten repetitions."""
TIMEOUT_S: Final = 30


def payload(order: Order, kind: str, quirks: Quirks) -> Json:
    """One event of an account webhook.

    Args:
        order: As it stands now.
        kind: ``inclusao_pedido`` or ``atualizacao_pedido``.
        quirks: Whether ids are numbers (as documented, version 1.0.0) or text (as recorded, 1.0.1).
    """
    numbers = chance(quirks.webhook_numbers, "webhook", order.id)
    number: type[int | str] = int if numbers else str
    data: Json = {
        "id": number(order.id),
        "numero": number(order.numero),
        "data": order.data.strftime("%d/%m/%Y"),
        "idPedidoEcommerce": order.canal.numero if order.canal else "",
        "codigoSituacao": order.situacao,
        "descricaoSituacao": LABELS[order.situacao],
        "idContato": number(order.contato.id),
    }
    if order.id_nota is not None:
        data["idNotaFiscal"] = number(order.id_nota)
    data["nomeEcommerce"] = order.canal.nome if order.canal else ""
    data["cliente"] = {"nome": order.contato.nome, "cpfCnpj": order.contato.documento}
    if order.canal:
        data["formaEnvio"] = {"id": number(order.canal.envio_id), "descricao": order.canal.envio}
    return {"versao": "1.0.0" if numbers else "1.0.1", "cnpj": CNPJ, "tipo": kind, "dados": data}


def birth(order: Order, quirks: Quirks, *, pair: bool) -> list[Json]:
    """What Tiny posts for a new order: ``inclusao_pedido``, often with an equal ``atualizacao_pedido``."""
    events = [payload(order, "inclusao_pedido", quirks)]
    if pair:
        events.append(payload(order, "atualizacao_pedido", quirks))
    if chance(quirks.webhook_duplicates, "duplicate", order.id):
        events.append(events[0])
    if quirks.webhook_shuffle:
        random.Random(order.id).shuffle(events)
    return events


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the delivery of one payload went.

    Attributes:
        id: The order's id.
        tipo: The event's type.
        status: The last HTTP status; 0 if there was no answer.
        tries: How often it was posted.
        delivered: Whether the receiver answered exactly 200.
    """

    id: str
    tipo: str
    status: int
    tries: int
    delivered: bool


async def send(
    url: str,
    events: Iterable[Json],
    *,
    step_s: float,
    tries: int = TRIES,
    plain: bool = False,
    at_once: int = 4,
) -> list[Json]:
    """Post events; only 200 counts; each repetition waits one step longer (Tiny's step is 300 seconds).

    Args:
        url: The receiver.
        events: Payloads.
        step_s: Seconds by which the delay grows with each repetition.
        tries: Times that an event is posted at most.
        plain: Whether to post as ``text/plain``.
        at_once: Events in flight at the same time.

    Returns:
        One ``Delivery`` an event, as plain values, in the order of the events.
    """
    gate = asyncio.Semaphore(at_once)
    headers = {"Content-Type": "text/plain" if plain else "application/json"}
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), headers=headers
    ) as session:

        async def deliver(event: Json) -> Json:
            status = attempt = 0
            for attempt in range(1, tries + 1):
                async with gate:
                    status = await _post(session, url, event)
                if status == HTTPStatus.OK or attempt == tries:
                    break
                await asyncio.sleep(step_s * attempt)
            data = event.get("dados", {})
            return asdict(
                Delivery(
                    str(data.get("id")), str(event.get("tipo")), status, attempt, status == HTTPStatus.OK
                )
            )

        return list(await asyncio.gather(*(deliver(event) for event in events)))


async def _post(session: aiohttp.ClientSession, url: str, event: Json) -> int:
    try:
        async with session.post(url, data=json.dumps(event).encode(), allow_redirects=False) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0
