"""Orders as the back office writes them (``pedido.obter``), in the form of ``pdv.pedido.obter``.

Both services describe the same orders in two dialects: one typing serves both, and creates the same ``pdv`` row. What
``pedido.obter`` does not know is null there: an item's id, discount, weights and tax codes, the order's taxes and
weights, ``tPag``. Its fields: "Obter Pedido" of Tiny's API 2 documentation
(https://tiny.com.br/api-docs/api2-pedidos-obter), and what its users recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tiny_operators.schemas import Column
from tiny_operators.tiny.answers import Json
from tiny_operators.tiny.containers import records

# Names in pedido.obter, each with its name in pdv.pedido.obter.
_ORDER: Final = {
    "id": "id",
    "numero": "numero",
    "data_pedido": "data",
    "valor_frete": "frete",
    # In reais, never in percent: one of the forms that pdv.desconto has anyway.
    "valor_desconto": "desconto",
    "total_produtos": "totalProdutos",
    "total_pedido": "totalVenda",
    "frete_por_conta": "fretePorConta",
    "obs": "observacoes",
    "forma_pagamento": "formaPagamento",
    "situacao": "situacao",
}
_ADDRESS: Final = {
    "tipo_pessoa": "tipo",
    "cpf_cnpj": "cpfCnpj",
    "endereco": "endereco",
    "numero": "enderecoNro",
    "complemento": "complemento",
    "bairro": "bairro",
    "cidade": "cidade",
    "uf": "uf",
    "cep": "cep",
    "fone": "fone",
}
_CLIENT: Final = {
    **_ADDRESS,
    "nome": "nome",
    "nome_fantasia": "fantasia",
    "codigo": "codigo",
    "email": "email",
    "ie": "inscricaoEstadual",
}
_DELIVERY: Final = {**_ADDRESS, "nome_destinatario": "nome"}
_ITEM: Final = {
    "id_produto": "idProduto",
    "descricao": "descricao",
    "codigo": "codigo",
    "valor_unitario": "valor",
    "quantidade": "quantidade",
    "unidade": "unidade",
}
_INSTALMENT: Final = {"forma_pagamento": "formaPagamento", "data": "dataVencimento", "valor": "valor"}


def _paths() -> Iterator[tuple[str, str]]:
    yield from ((pdv_name, name) for name, pdv_name in _ORDER.items())
    for ours, theirs, names in (
        ("contato", "cliente", _CLIENT),
        ("enderecoEntrega", "endereco_entrega", _DELIVERY),
        ("itens", "itens", _ITEM),
        ("parcelas", "parcelas", _INSTALMENT),
    ):
        yield ours, theirs
        yield from ((f"{ours}.{pdv_name}", f"{theirs}.{name}") for name, pdv_name in names.items())


# Paths of pdv.pedido.obter, each with its path in pedido.obter.
PEDIDO_NAMES: Final = dict(_paths())

# Documented fields that have no place in the pdv form: kept in payload, and no news.
_ORDER_ONLY: Final = (
    "numero_ecommerce data_prevista data_faturamento data_envio data_entrega id_lista_preco descricao_lista_preco "
    "marcadores condicao_pagamento meio_pagamento nome_transportador outras_despesas numero_ordem_compra deposito "
    "forma_envio forma_frete obs_interna id_vendedor nome_vendedor codigo_rastreamento url_rastreamento "
    "id_nota_fiscal id_natureza_operacao ecommerce intermediador pagamentos_integrados"
)


def pedido_as_pdv(pedido: Json) -> Json:
    """Convert an order of ``pedido.obter`` to the form of ``pdv.pedido.obter``.

    Values stay as they came, wrong ones too: the typing says what is wrong with them.

    Args:
        pedido: What is under ``retorno.pedido``.
    """
    return {
        **_renamed(pedido, _ORDER),
        "contato": _object(pedido.get("cliente"), _CLIENT),
        "enderecoEntrega": _object(pedido.get("endereco_entrega"), _DELIVERY),
        "itens": _list(pedido.get("itens"), _ITEM),
        "parcelas": _list(pedido.get("parcelas"), _INSTALMENT),
    }


def _renamed(found: Json, names: Mapping[str, str]) -> Json:
    return {pdv_name: found.get(name) for name, pdv_name in names.items()}


def _object(found: object, names: Mapping[str, str]) -> object:
    """Convert an object, which may be missing; anything else stays as it is: the typing refuses it by its field."""
    inside = records(found, frozenset(names))
    if inside.unread or len(inside.found) > 1:
        return found
    return _renamed(inside.found[0] if inside.found else {}, names)


def _list(found: object, names: Mapping[str, str]) -> object:
    """Convert the objects of a list; what cannot be read stays among them: the typing refuses it by its field."""
    inside = records(found, frozenset(names))
    if inside.unread and not inside.found:
        return found
    return [*(_renamed(item, names) for item in inside.found), *inside.unread]


def _fields(names: Iterable[str], *inner: Column) -> tuple[Column, ...]:
    """Describe known fields as columns: any other field is news."""
    return (*(Column(name, "STRING", repeated=False, fields=()) for name in names), *inner)


def _record(name: str, names: Iterable[str], other: str, *, repeated: bool = False) -> Column:
    return Column(name, "RECORD", repeated, _fields([*names, *other.split()]))


# All documented fields of pedido.obter.
PEDIDO_FIELDS: Final = _fields(
    [*_ORDER, *_ORDER_ONLY.split()],
    _record("cliente", _CLIENT, "rg pais"),
    _record("endereco_entrega", _DELIVERY, "ie"),
    _record("itens", _ITEM, "info_adicional id_grade", repeated=True),
    _record("parcelas", _INSTALMENT, "dias obs meio_pagamento", repeated=True),
)
