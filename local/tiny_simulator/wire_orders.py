"""Orders as the services write them."""

from typing import Any

from local.tiny_simulator.model import LABELS, Contact, Item, Order
from local.tiny_simulator.model import PAYMENT_CODES as TPAG
from local.tiny_simulator.settings import Quirks
from local.tiny_simulator.spelling import Speller, status_text

Json = dict[str, Any]
_EMPTY = Contact(id=0, nome="")


def pdv_order(order: Order, quirks: Quirks, speller: type[Speller] = Speller) -> Json:
    """Write ``pdv.pedido.obter``: camelCase, flat lists."""
    say = speller(quirks, ("pdv", order.id), quirks.numeric_pdv, quirks.numeric_pdv)
    items = [_pdv_item(item, quirks, speller) for item in order.itens]
    instalments = [
        {
            "formaPagamento": part.forma,
            "dataVencimento": say.readable(
                "dataVencimento", say.date("dataVencimento", part.vencimento), order.id, n
            ),
            "valor": say.number(f"parcela{n}", part.valor),
            "tPag": TPAG.get(part.forma, "99"),
        }
        for n, part in enumerate(order.parcelas)
    ]
    answer: Json = {
        "id": say.id(order.id),
        "numero": say.id(order.numero),
        "data": say.date("data", order.data),
        "frete": say.number("frete", order.frete),
        "desconto": say.text("desconto", order.desconto),
        "valorICMSSubst": say.number("valorICMSSubst", order.icms_st),
        "valorIPI": say.number("valorIPI", order.ipi),
        "totalProdutos": say.number("totalProdutos", order.total_produtos),
        "totalVenda": say.number("totalVenda", order.total_venda),
        "fretePorConta": order.frete_por_conta,
        "pesoLiquido": say.number("pesoLiquido", order.peso(bruto=False), 3),
        "pesoBruto": say.number("pesoBruto", order.peso(bruto=True), 3),
        "observacoes": say.text("observacoes", order.observacoes),
        "formaPagamento": order.forma_pagamento,
        "situacao": status_text(order.situacao, LABELS[order.situacao], quirks, code_allowed=True),
        "contato": say.record("contato", _pdv_contact(order.contato, say)),
        "enderecoEntrega": say.record("enderecoEntrega", _pdv_delivery(order.entrega or _EMPTY, say)),
        "itens": say.rows("itens", items, quirks.single_row_as_object),
        "parcelas": say.rows("parcelas", instalments, quirks.single_row_as_object),
    }
    if quirks.unknown_fields:
        answer["origemVenda"] = "PDV"
    return answer


def _pdv_item(item: Item, quirks: Quirks, speller: type[Speller]) -> Json:
    say = speller(quirks, ("pdv", item.id), quirks.numeric_pdv, quirks.numeric_pdv)
    answer: Json = {
        "id": say.id(item.id),
        "idProduto": say.no_id("idProduto", item.id_produto),
        "descricao": item.descricao,
        "codigo": say.text("codigo", item.codigo),
        "valor": say.price("valor", item.valor),
        "quantidade": say.number("quantidade", item.quantidade, 4),
        "desconto": item.desconto,
        "pesoLiquido": say.number("pesoLiquido", item.peso_liquido, 3),
        "pesoBruto": say.number("pesoBruto", item.peso_bruto, 3),
        "unidade": item.unidade,
        "tipo": item.tipo,
        "ncm": say.text("ncm", item.ncm),
        "origem": say.text("origem", item.origem),
        "cest": say.text("cest", item.cest),
        "gtin": say.text("gtin", item.gtin),
        "gtinTributavel": say.text("gtinTributavel", item.gtin),
    }
    if quirks.unknown_fields:
        answer["idLote"] = str(item.id)
    return answer


def _pdv_contact(contact: Contact, say: Speller) -> Json:
    return {
        "nome": contact.nome,
        "fantasia": say.text("fantasia", contact.fantasia),
        "codigo": say.text("contato.codigo", contact.codigo),
        "tipo": say.text("tipo", contact.tipo),
        **_pdv_address(contact, say),
        "fone": say.text("fone", contact.fone),
        "celular": say.text("celular", contact.celular),
        "email": say.text("email", contact.email),
        "inscricaoEstadual": say.text("inscricaoEstadual", contact.inscricao_estadual),
        "indIEDest": "9",
    }


def _pdv_address(contact: Contact, say: Speller) -> Json:
    return {
        "cpfCnpj": say.text("cpfCnpj", contact.documento),
        "endereco": say.text("endereco", contact.endereco),
        "enderecoNro": say.text("enderecoNro", contact.numero),
        "complemento": say.text("complemento", contact.complemento),
        "bairro": say.text("bairro", contact.bairro),
        "cidade": say.text("cidade", contact.cidade),
        "uf": say.text("uf", contact.uf),
        "cep": say.text("cep", contact.cep),
    }


def _pdv_delivery(contact: Contact, say: Speller) -> Json:
    return {
        "nome": say.text("nome", contact.nome),
        "tipo": say.text("tipo", contact.tipo),
        **_pdv_address(contact, say),
        "fone": say.text("fone", contact.fone),
    }


def pdv_row(order: Order, quirks: Quirks) -> Json:
    """Write one row of ``pdv.pedidos``: flat, ``desconto`` a plain decimal."""
    say = Speller(quirks, ("pdv.pedidos", order.id), quirks.numeric_ids, 0)
    return {
        "id": say.id(order.id),
        "numero": say.id(order.numero),
        "data": say.date("data", order.data),
        "frete": say.number("frete", order.frete),
        "desconto": say.number("desconto", order.valor_desconto),
        "valorICMSSubst": say.number("valorICMSSubst", order.icms_st),
        "valorIPI": say.number("valorIPI", order.ipi),
        "totalProdutos": say.number("totalProdutos", order.total_produtos),
        "totalVenda": say.number("totalVenda", order.total_venda),
    }


def search_row(order: Order, quirks: Quirks, speller: type[Speller] = Speller) -> Json:
    """Write one row of ``pedidos.pesquisa``."""
    say = speller(quirks, ("pesquisa", order.id), quirks.numeric_ids, quirks.numeric_values)
    row: Json = {
        "id": say.id(order.id),
        "numero": say.id(order.numero),
        "numero_ecommerce": say.text("numero_ecommerce", order.canal.numero if order.canal else ""),
        "data_pedido": say.date("data_pedido", order.data),
        "data_prevista": say.date("data_prevista", order.data_prevista),
        "nome": order.contato.nome,
        "valor": say.number("valor", order.total_venda),
        "id_vendedor": say.no_id("id_vendedor", order.vendedor.id if order.vendedor else None),
        "nome_vendedor": say.text("nome_vendedor", order.vendedor.nome if order.vendedor else ""),
        "situacao": status_text(order.situacao, LABELS[order.situacao], quirks, code_allowed=False),
        "codigo_rastreamento": say.text("codigo_rastreamento", order.rastreio),
        "url_rastreamento": say.text("url_rastreamento", tracking_url(order)),
    }
    if quirks.unknown_fields:
        row["origem_pedido"] = "1"
    return say.wrapped("pedido", row)


def tracking_url(order: Order) -> str:
    """Return where the parcel can be followed; empty without a tracking code."""
    return f"https://example.invalid/r/{order.rastreio}" if order.rastreio else ""


def address(contact: Contact, say: Speller) -> Json:
    """Build the address fields that the snake_case services share."""
    return {
        "endereco": say.text("endereco", contact.endereco),
        "numero": say.text("numero", contact.numero),
        "complemento": say.text("complemento", contact.complemento),
        "bairro": say.text("bairro", contact.bairro),
        "cep": say.text("cep", contact.cep),
        "cidade": say.text("cidade", contact.cidade),
        "uf": say.text("uf", contact.uf),
    }
