"""What is true in the shop, typed, whatever the wire makes of it: rows as the tables should hold them.

Integers for INT64, text with exact decimals for NUMERIC, ISO dates, lists for REPEATED, null for nothing;
only columns that come from Tiny's answers are here. Those that hold text "as it came" (``situacao``,
``descricao_complementar``) follow the switches, and what nobody can read is null.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from local.tiny_simulator.model import LABELS, PAYMENT_CODES, Contact, Item, Order, Product
from local.tiny_simulator.settings import Quirks
from local.tiny_simulator.spelling import fixed, is_unreadable, status_text
from local.tiny_simulator.wire_orders import tracking_url
from local.tiny_simulator.wire_products import description

Row = dict[str, Any]


def pdv(order: Order, quirks: Quirks) -> Row:
    """Build the order's row in ``pdv``."""
    return {
        "id": order.id,
        "numero": order.numero,
        "data": order.data.isoformat(),
        "frete": _money(order.frete),
        "desconto": order.desconto or None,
        "valorICMSSubst": _money(order.icms_st),
        "valorIPI": _money(order.ipi),
        "totalProdutos": _money(order.total_produtos),
        "totalVenda": _money(order.total_venda),
        "fretePorConta": order.frete_por_conta,
        "pesoLiquido": fixed(order.peso(bruto=False), 3),
        "pesoBruto": fixed(order.peso(bruto=True), 3),
        "observacoes": order.observacoes or None,
        "formaPagamento": order.forma_pagamento,
        "situacao": status_text(order.situacao, LABELS[order.situacao], quirks, code_allowed=True),
        "contato": _contact(order.contato),
        "enderecoEntrega": _delivery(order.entrega or Contact(id=0, nome="")),
        "itens": [_item(item) for item in order.itens],
        "parcelas": [
            {
                "formaPagamento": part.forma,
                "dataVencimento": None
                if is_unreadable(quirks, "dataVencimento", order.id, n)
                else part.vencimento.isoformat(),
                "valor": _money(part.valor),
                "tPag": PAYMENT_CODES.get(part.forma, "99"),
            }
            for n, part in enumerate(order.parcelas)
        ],
    }


def search_line(order: Order, quirks: Quirks) -> Row:
    """Build the order's row in ``pesquisa``."""
    return {
        "id": str(order.id),
        "numero": str(order.numero),
        "numero_ecommerce": order.canal.numero if order.canal else None,
        "data_pedido": order.data.isoformat(),
        "data_prevista": _date(order.data_prevista),
        "nome": order.contato.nome,
        "valor": _money(order.total_venda),
        "id_vendedor": str(order.vendedor.id) if order.vendedor else None,
        "nome_vendedor": order.vendedor.nome if order.vendedor else None,
        "situacao": status_text(order.situacao, LABELS[order.situacao], quirks, code_allowed=False),
        "codigo_rastreamento": order.rastreio or None,
        "url_rastreamento": tracking_url(order) or None,
    }


def order_facts(order: Order) -> Row:
    """Return what no single table holds: status code, exact discount in reais, when it was created and changed."""
    return {
        "id": order.id,
        "numero": order.numero,
        "data": order.data.isoformat(),
        "criado": order.criado.isoformat(),
        "alterado": order.alterado.isoformat(),
        "codigo_situacao": order.situacao,
        "valor_desconto": _money(order.valor_desconto),
        "total_venda": _money(order.total_venda),
        "id_vendedor": order.vendedor.id if order.vendedor else None,
        "id_contato": order.contato.id,
        "id_nota_fiscal": order.id_nota,
        "marketplace": order.canal is not None,
    }


def snapshots(orders: Iterable[Order]) -> list[Row]:
    """Return the keys of ``produto``: each product of each order once."""
    return [
        {"pedido_id": order.id, "id": product_id}
        for order in orders
        for product_id in dict.fromkeys(
            item.id_produto for item in order.itens if item.id_produto is not None
        )
    ]


def _contact(contact: Contact) -> Row:
    return {
        "nome": contact.nome,
        "fantasia": contact.fantasia or None,
        "codigo": contact.codigo or None,
        "tipo": contact.tipo or None,
        **_address(contact),
        "fone": contact.fone or None,
        "celular": contact.celular or None,
        "email": contact.email or None,
        "inscricaoEstadual": contact.inscricao_estadual or None,
        "indIEDest": "9",
    }


def _address(contact: Contact) -> Row:
    return {
        "cpfCnpj": contact.documento or None,
        "endereco": contact.endereco or None,
        "enderecoNro": contact.numero or None,
        "complemento": contact.complemento or None,
        "bairro": contact.bairro or None,
        "cidade": contact.cidade or None,
        "uf": contact.uf or None,
        "cep": contact.cep or None,
    }


def _delivery(contact: Contact) -> Row:
    head = {"nome": contact.nome or None, "tipo": contact.tipo or None}
    return {**head, **_address(contact), "fone": contact.fone or None}


def _item(item: Item) -> Row:
    return {
        "id": item.id,
        "idProduto": item.id_produto,
        "descricao": item.descricao,
        "codigo": item.codigo or None,
        "valor": _money(item.valor),
        "quantidade": fixed(item.quantidade, 4),
        "desconto": item.desconto,
        "pesoLiquido": _number(item.peso_liquido),
        "pesoBruto": _number(item.peso_bruto),
        "unidade": item.unidade,
        "tipo": item.tipo,
        "ncm": item.ncm or None,
        "origem": item.origem or None,
        "cest": item.cest or None,
        "gtin": item.gtin or None,
        "gtinTributavel": item.gtin or None,
    }


def product(goods: Product, quirks: Quirks) -> Row:
    """Return the product's columns in ``produto``, as it is today."""
    return {
        "id": goods.id,
        "nome": goods.nome,
        "codigo": goods.codigo or None,
        "unidade": goods.unidade,
        "preco": _money(goods.preco),
        "preco_promocional": _money(goods.preco_promocional),
        "ncm": goods.ncm or None,
        "origem": goods.origem,
        "gtin": goods.gtin or None,
        "gtin_embalagem": None,
        "localizacao": goods.localizacao or None,
        "peso_liquido": _number(goods.peso_liquido),
        "peso_bruto": _number(goods.peso_bruto),
        "estoque_minimo": _number(goods.estoque_minimo),
        "estoque_maximo": _number(goods.estoque_maximo),
        "id_fornecedor": goods.id_fornecedor,
        "nome_fornecedor": goods.nome_fornecedor or None,
        "codigo_fornecedor": goods.codigo_fornecedor or None,
        "codigo_pelo_fornecedor": None,
        "unidade_por_caixa": goods.unidade_por_caixa,
        "preco_custo": _number(goods.preco_custo),
        "preco_custo_medio": _number(goods.preco_custo_medio),
        "situacao": goods.situacao,
        "tipo": goods.tipo,
        "classe_ipi": None,
        "valor_ipi_fixo": "0",
        "cod_lista_servicos": None,
        "descricao_complementar": description(goods, quirks) or None,
        "garantia": goods.garantia or None,
        "cest": goods.cest or None,
        "obs": goods.obs or None,
        "tipoVariacao": goods.tipo_variacao,
        "variacoes": _variations(goods),
        "idProdutoPai": goods.id_pai,
        "sob_encomenda": goods.sob_encomenda,
        "dias_preparacao": None
        if is_unreadable(quirks, "dias_preparacao", goods.id)
        else goods.dias_preparacao,
        **_package(goods, quirks),
    }


def _package(goods: Product, quirks: Quirks) -> Row:
    return {
        "marca": goods.marca or None,
        "tipoEmbalagem": goods.tipo_embalagem,
        "alturaEmbalagem": None
        if is_unreadable(quirks, "alturaEmbalagem", goods.id)
        else _money(goods.altura),
        "larguraEmbalagem": _money(goods.largura),
        "comprimentoEmbalagem": _money(goods.comprimento),
        "diametroEmbalagem": _money(goods.diametro),
        "qtd_volumes": goods.qtd_volumes,
        "categoria": goods.categoria or None,
        "anexos": [{"anexo": url} for url in goods.anexos],
        "imagens_externas": [{"url": url} for url in goods.imagens],
        "classe_produto": goods.classe,
        "seo_title": None,
        "seo_keywords": None,
        "link_video": None,
        "seo_description": None,
        "slug": goods.slug or None,
    }


def _variations(goods: Product) -> list[Row] | None:
    return [
        {"id": child.id, "codigo": child.codigo, "preco": _money(child.preco), "grade": dict(child.grade)}
        for child in goods.variacoes
    ] or None


def _money(value: Decimal) -> str:
    return fixed(value, 2)


def _number(value: Decimal | None) -> str | None:
    return None if value is None else fixed(value, 0)


def _date(value: date | None) -> str | None:
    return value.isoformat() if value else None
