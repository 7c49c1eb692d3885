"""The back-office form of an order: ``pedido.obter``."""

from local.tiny_simulator.model import LABELS, Contact, Order
from local.tiny_simulator.money import cents
from local.tiny_simulator.settings import Quirks
from local.tiny_simulator.spelling import Speller, fixed, status_text
from local.tiny_simulator.wire_orders import Json, address, tracking_url


def pedido_obter(order: Order, quirks: Quirks) -> Json:
    """Write ``pedido.obter``: snake_case, wrapped lists, with the e-commerce block."""
    say = Speller(quirks, ("pedido", order.id), quirks.numeric_ids, 0)
    answer: Json = {
        "id": say.id(order.id),
        "numero": say.id(order.numero),
        "numero_ecommerce": say.text("numero_ecommerce", order.canal.numero if order.canal else ""),
        "data_pedido": say.date("data_pedido", order.data),
        "data_prevista": say.date("data_prevista", order.data_prevista),
        "data_faturamento": say.date("data_faturamento", order.data_faturamento),
        "data_envio": say.blank("data_envio"),
        "data_entrega": say.blank("data_entrega"),
        "id_lista_preco": say.no_id("id_lista_preco", None),
        "descricao_lista_preco": say.blank("descricao_lista_preco"),
        "cliente": say.record("cliente", _office_client(order.contato, say)),
    }
    if order.entrega:
        answer["endereco_entrega"] = say.record("endereco_entrega", _office_delivery(order.entrega, say))
    answer |= _office_lines(order, say)
    answer |= _office_totals(order, say)
    answer["situacao"] = status_text(order.situacao, LABELS[order.situacao], quirks, code_allowed=True)
    answer |= _office_tail(order, say)
    if order.canal:
        answer["ecommerce"] = {
            "id": say.id(order.canal.id),
            "numeroPedidoEcommerce": order.canal.numero,
            "numeroPedidoCanalVenda": f"2000{order.id}",
            "nomeEcommerce": order.canal.nome,
            "canalVenda": order.canal.nome,
        }
        answer["intermediador"] = {
            "nome": order.canal.nome,
            "cnpj": "11.222.333/0001-81",
            "cnpjPagamento": "",
        }
    answer["pagamentos_integrados"] = []
    return answer


def _office_client(contact: Contact, say: Speller) -> Json:
    return {
        "codigo": say.text("codigo", contact.codigo),
        "nome": contact.nome,
        "nome_fantasia": say.text("nome_fantasia", contact.fantasia),
        "tipo_pessoa": say.text("tipo_pessoa", contact.tipo),
        "cpf_cnpj": say.text("cpf_cnpj", contact.documento),
        "ie": say.text("ie", contact.inscricao_estadual),
        "rg": say.blank("rg"),
        **address(contact, say),
        "pais": say.blank("pais"),
        "fone": say.text("fone", contact.fone or contact.celular),
        "email": say.text("email", contact.email),
    }


def _office_delivery(contact: Contact, say: Speller) -> Json:
    return {
        "tipo_pessoa": say.text("tipo_pessoa", contact.tipo),
        "cpf_cnpj": say.text("cpf_cnpj", contact.documento),
        "nome_destinatario": contact.nome,
        **address(contact, say),
        "fone": say.text("fone", contact.fone),
        "ie": say.blank("ie"),
    }


def _office_lines(order: Order, say: Speller) -> Json:
    items = [
        {
            "item": {
                "id_produto": say.no_id("id_produto", item.id_produto),
                "codigo": say.text("codigo", item.codigo),
                "descricao": item.descricao,
                "unidade": item.unidade,
                "quantidade": fixed(item.quantidade, 2),
                "valor_unitario": fixed(item.valor, 2),
                "info_adicional": say.blank("info_adicional"),
            }
        }
        for item in order.itens
    ]
    instalments = [
        {
            "parcela": {
                "dias": str((part.vencimento - order.data).days),
                "data": say.readable(
                    "dataVencimento", say.date("dataVencimento", part.vencimento), order.id, n
                ),
                "valor": fixed(part.valor, 2),
                "obs": say.blank("obs"),
                "forma_pagamento": part.forma,
                "meio_pagamento": say.blank("meio_pagamento"),
            }
        }
        for n, part in enumerate(order.parcelas)
    ]
    markers = (
        [{"marcador": {"id": "149001", "descricao": "marketplace", "cor": "#808080"}}] if order.canal else []
    )
    return {
        "itens": say.rows("itens", items, 0),
        "parcelas": say.rows("parcelas", instalments, 0),
        "marcadores": markers,
    }


def _office_totals(order: Order, say: Speller) -> Json:
    return {
        "condicao_pagamento": " ".join(str((part.vencimento - order.data).days) for part in order.parcelas),
        "forma_pagamento": order.forma_pagamento,
        "meio_pagamento": say.blank("meio_pagamento"),
        "nome_transportador": say.text("nome_transportador", order.canal.envio if order.canal else ""),
        "frete_por_conta": order.frete_por_conta,
        "valor_frete": fixed(order.frete, 2),
        "valor_desconto": fixed(order.valor_desconto, 2),
        "outras_despesas": fixed(cents(order.ipi + order.icms_st), 2),
        "total_produtos": fixed(order.total_produtos, 2),
        "total_pedido": fixed(order.total_venda, 2),
        "numero_ordem_compra": say.blank("numero_ordem_compra"),
        "deposito": "Geral",
        "forma_envio": "X" if order.canal else "S",
        "forma_frete": say.blank("forma_frete"),
    }


def _office_tail(order: Order, say: Speller) -> Json:
    return {
        "obs": say.text("obs", order.observacoes),
        "obs_interna": say.blank("obs_interna"),
        "id_vendedor": say.no_id("id_vendedor", order.vendedor.id if order.vendedor else None),
        "nome_vendedor": say.text("nome_vendedor", order.vendedor.nome if order.vendedor else ""),
        "codigo_rastreamento": say.text("codigo_rastreamento", order.rastreio),
        "url_rastreamento": say.text("url_rastreamento", tracking_url(order)),
        "id_nota_fiscal": say.no_id("id_nota_fiscal", order.id_nota),
        "id_natureza_operacao": say.no_id("id_natureza_operacao", None),
    }
