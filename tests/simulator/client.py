"""What the tests call the simulator with, and a reader that takes nothing on the wire for granted."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import requests

from local.tiny_simulator.server import Server

Json = dict[str, Any]
TIMEOUT_S = 30
TOKEN = "test-token"


class Tiny:
    """Calls one running simulator."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url

    def raw(self, service: str, **params: object) -> requests.Response:
        form = {"formato": "JSON"} | {key: str(value) for key, value in params.items() if value is not None}
        if params.get("formato", "") is None:
            del form["formato"]
        if params.get("token", TOKEN) is not None:
            form["token"] = str(params.get("token", TOKEN))
        return requests.post(f"{self.url}/api2/{service}.php", data=form, timeout=TIMEOUT_S)

    def call(self, service: str, **params: object) -> Json:
        retorno: Json = self.raw(service, **params).json()["retorno"]
        return retorno

    def code(self, service: str, **params: object) -> int:
        return int(self.call(service, **params).get("codigo_erro", 0))

    def get(self, path: str, **query: object) -> Any:
        answer = requests.get(
            f"{self.url}/_sim/{path}", params={k: str(v) for k, v in query.items()}, timeout=TIMEOUT_S
        )
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Json | None = None) -> Any:
        answer = requests.post(f"{self.url}/_sim/{path}", json=body or {}, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def settings(self, **values: object) -> Json:
        answer = requests.put(f"{self.url}/_sim/settings", json=values, timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def quirks(self, **values: object) -> None:
        """The plain profile with only these switches on."""
        self.settings(profile="plain", quirks=values)

    def sell(self, count: int = 1, **more: object) -> list[Json]:
        orders: list[Json] = self.post("sell", {"count": count, **more})["orders"]
        return orders


def some(value: object) -> Any:
    """Nothing in any spelling is None."""
    return None if value is None or (isinstance(value, str) and not value.strip()) else value


def an_id(value: object) -> int | None:
    return int(str(value)) if some(value) is not None and str(value) != "0" else None


def amount(value: object) -> Decimal | None:
    return Decimal(str(value)) if some(value) is not None else None


def day(value: object) -> str | None:
    text = some(value)
    return "-".join(reversed(text.split("/"))) if text else None


def many(value: object) -> list[Any]:
    """A list, whatever came in its place."""
    if some(value) is None:
        return []
    return value if isinstance(value, list) else [value]


ORDER = {"id": int, "numero": int, "data": day} | dict.fromkeys(
    ("frete", "valorICMSSubst", "valorIPI", "totalProdutos", "totalVenda", "pesoLiquido", "pesoBruto"), amount
)
ITEM = {"id": int, "idProduto": an_id} | dict.fromkeys(
    ("valor", "quantidade", "pesoLiquido", "pesoBruto"), amount
)
INSTALMENT = {"dataVencimento": day, "valor": amount}
SEARCH = {"id": str, "numero": str, "data_pedido": day, "data_prevista": day, "valor": amount}
PRODUCT = (
    {"id": int, "id_fornecedor": an_id, "idProdutoPai": an_id}
    | dict.fromkeys(("dias_preparacao", "tipoEmbalagem", "qtd_volumes"), int)
    | dict.fromkeys(
        (
            "preco", "preco_promocional", "peso_liquido", "peso_bruto", "estoque_minimo", "estoque_maximo",
            "preco_custo", "preco_custo_medio", "valor_ipi_fixo", "alturaEmbalagem", "larguraEmbalagem",
            "comprimentoEmbalagem", "diametroEmbalagem",
        ),
        amount,
    )
)  # fmt: skip


def typed(row: Json, types: Json) -> Json:
    return {key: types.get(key, some)(value) for key, value in row.items()}


def read_pdv(order: Json) -> Json:
    row = typed(order, ORDER)
    row["itens"] = [typed(item, ITEM) for item in many(order["itens"])]
    row["parcelas"] = [typed(part, INSTALMENT) for part in many(order["parcelas"])]
    row["contato"] = typed(order["contato"], {})
    row["enderecoEntrega"] = typed(order["enderecoEntrega"], {})
    return row


def read_search(wrapped: Json) -> Json:
    row = typed(wrapped["pedido"], SEARCH)
    seller = an_id(row["id_vendedor"])
    row["id_vendedor"] = str(seller) if seller else None
    return row


def read_product(product: Json) -> Json:
    row = typed(product, PRODUCT)
    row["anexos"] = many(product["anexos"])
    row["imagens_externas"] = [image["imagem_externa"] for image in many(product["imagens_externas"])]
    row["variacoes"] = [
        typed(entry["variacao"], {"id": int, "preco": amount}) for entry in many(product["variacoes"])
    ] or None
    return row


def same(read: object, true: object) -> bool:
    """Whether what was read is the truth, which writes decimals as text; more fields may have been read."""
    if isinstance(true, dict):
        return isinstance(read, dict) and all(same(read[key], value) for key, value in true.items())
    if isinstance(true, list):
        return isinstance(read, list) and len(read) == len(true) and all(map(same, read, true))
    if isinstance(read, Decimal):
        return isinstance(true, str) and read == Decimal(true)
    return read == true


def pages(tiny: Tiny, service: str, name: str, **params: object) -> Iterator[list[Any]]:
    """Pages of a search until there are no more, whatever it says about their number."""
    page = 1
    while True:
        answer = tiny.call(service, pagina=page, **params)
        if "codigo_erro" in answer:
            return
        yield many(answer[name])
        page += 1
