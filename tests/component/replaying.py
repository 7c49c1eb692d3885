"""What the tests of replay share: orders in the older raw layout."""

from __future__ import annotations

from datetime import datetime

from local.demo.parts import Warehouse
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.orders.rows import product_ids

UUID = "0b5f2f1e-8a43-4a7e-9d0c-5d1b6c1c9f10"


def upload(warehouse: Warehouse, name: str, content: bytes | str) -> None:
    warehouse.storage_client().bucket(warehouse.api_bucket).blob(name).upload_from_string(content)


def older_folder(hook: TinyHook, pedido: int, arrived: datetime) -> dict[str, str]:
    """Objects of the older layout about an order: what Tiny answers now, by name."""
    order = hook.pdv_pedido_obter(pedido)
    answers = {
        "pdv": order,
        "pesquisa": hook.pedidos_pesquisa({"numero": str(order.retorno["pedido"]["numero"])}),
    }
    answers |= {
        f"produto-{produto}": hook.produto_obter(produto) for produto in product_ids(order.retorno["pedido"])
    }
    stamp = f"{arrived:%Y%m%dT%H%M%S}"
    folder = f"{stamp}-{pedido}-{UUID}/"
    return {
        f"{folder}z316-tiny-api-{pedido}-{what}-{stamp}-{UUID}.json": answer.text
        for what, answer in answers.items()
    }
