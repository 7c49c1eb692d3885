"""Many senders at once: what each post was answered, and when."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from aiohttp import ClientSession, ClientTimeout, TCPConnector

_PATIENCE_S = 120


@dataclass(frozen=True)
class Answer:
    """The answer to one post.

    Attributes:
        body: What was posted.
        status: Its status.
        text: Its text.
        began: When it was posted, as the monotonic clock says.
        ended: When it was answered.
    """

    body: bytes
    status: int
    text: str
    began: float
    ended: float


def events(count: int, seed: int) -> list[bytes]:
    """Sales' events, all different, of one to three kilobytes."""
    rng = Random(seed)  # noqa: S311  (invented sales, the same in each run)
    made = []
    for number in range(count):
        customer = {"nome": f"Freguesa {number}", "cpfCnpj": f"{rng.randrange(10**11):011}"}
        note = rng.randbytes(rng.randrange(300, 1300)).hex()
        dados = {"id": str(900_000_000 + seed * 1_000_000 + number), "cliente": customer, "obs": note}
        event = {"versao": "1.0.1", "cnpj": "11222333000181", "tipo": "inclusao_pedido", "dados": dados}
        made.append(json.dumps(event).encode())
    return made


async def post_all(url: str, bodies: Iterable[bytes], connections: int) -> list[Answer]:
    """Post each body once, over so many connections that stay."""
    left, answers = iter(bodies), list[Answer]()
    connector, timeout = TCPConnector(limit=connections), ClientTimeout(total=_PATIENCE_S)
    async with ClientSession(connector=connector, timeout=timeout) as session:
        await asyncio.gather(*(_sender(session, url, left, answers) for _ in range(connections)))
    return answers


async def _sender(session: ClientSession, url: str, left: Iterator[bytes], answers: list[Answer]) -> None:
    for body in left:
        began = time.monotonic()
        async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            text = await answer.text()
        answers.append(Answer(body, answer.status, text, began, time.monotonic()))
