"""Webhooks as Tiny posts them, and a sender with Tiny's rules of repetition."""

import asyncio
import random
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from local.tiny_simulator.envelopes import ENVELOPES, Post
from local.tiny_simulator.model import LABELS, Order
from local.tiny_simulator.people import CNPJ
from local.tiny_simulator.settings import Quirks
from local.tiny_simulator.spelling import chance

Json = dict[str, Any]
TRIES: Final = 11
"""The first try and ten repetitions."""
TIMEOUT_S: Final = 30


def payload(order: Order, kind: str, quirks: Quirks) -> Json:
    """Build one event of an account webhook.

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
    """Build what Tiny posts for a new order: ``inclusao_pedido``, often with an equal ``atualizacao_pedido``."""
    events = [payload(order, "inclusao_pedido", quirks)]
    if pair:
        events.append(payload(order, "atualizacao_pedido", quirks))
    if chance(quirks.webhook_duplicates, "duplicate", order.id):
        events.append(events[0])
    if quirks.webhook_shuffle:
        random.Random(order.id).shuffle(events)
    return events


def posted(event: Json, quirks: Quirks) -> Post:
    """Write what is posted of an event: as JSON, or in another form of which users report."""
    usual = "plain_type" if quirks.webhook_plain_type else "json"
    key = (event.get("tipo"), event.get("dados", {}).get("id"))
    if not chance(quirks.webhook_envelopes, "envelope", *key):
        return ENVELOPES[usual](event)
    return ENVELOPES[random.Random(repr(key)).choice(list(ENVELOPES))](event)


async def accepts(url: str) -> Json:
    """Try an address as Tiny's panel does before it saves it: with calls that hold no event.

    Returns:
        ``saved``, and ``answers``: the HTTP status of each call, 0 if there was no answer.
    """
    calls = {"GET": ("GET", b""), "POST": ("POST", b""), "POST {}": ("POST", b"{}")}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
        answers = {
            name: await _call(session, method, url, Post(body)) for name, (method, body) in calls.items()
        }
    return {"saved": set(answers.values()) == {HTTPStatus.OK.value}, "answers": answers}


async def send(
    url: str,
    events: Iterable[Json],
    *,
    step_s: float,
    quirks: Quirks,
    tries: int = TRIES,
    at_once: int = 4,
) -> list[Json]:
    """Post events; only 200 counts; each repetition waits one step longer (Tiny's step is 300 seconds).

    Args:
        url: The receiver.
        events: Payloads.
        step_s: Seconds by which the delay grows with each repetition.
        quirks: In which form they are posted, and how many are never posted.
        tries: Times that an event is posted at most.
        at_once: Events in flight at the same time.

    Returns:
        How the delivery of each event went, in their order: the order's ``id``, the event's ``tipo``, the last HTTP
        ``status`` (0 if there was no answer), how many ``tries`` (0 for one that got lost), and whether it was
        ``delivered``: the receiver answered exactly 200.
    """
    gate = asyncio.Semaphore(at_once)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:

        async def deliver(event: Json) -> Json:
            data = event.get("dados", {})
            post = posted(event, quirks)
            status = attempt = 0
            lost = chance(quirks.webhook_lost, "lost", event.get("tipo"), data.get("id"))
            for attempt in range(1, 1 if lost else tries + 1):
                async with gate:
                    status = await _call(session, "POST", url, post)
                if status == HTTPStatus.OK or attempt == tries:
                    break
                await asyncio.sleep(step_s * attempt)
            return {
                "id": str(data.get("id")),
                "tipo": str(event.get("tipo")),
                "status": status,
                "tries": attempt,
                "delivered": status == HTTPStatus.OK,
            }

        return list(await asyncio.gather(*(deliver(event) for event in events)))


async def _call(session: aiohttp.ClientSession, method: str, url: str, post: Post) -> int:
    headers = {"Content-Type": post.content_type}
    if post.encoding:
        headers["Content-Encoding"] = post.encoding
    try:
        async with session.request(
            method, url, data=post.body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0
