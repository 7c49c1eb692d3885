"""Products, customers, sellers and the account as the services write them."""

import re
from typing import Any

from local.tiny_simulator.model import Contact, Product, Seller
from local.tiny_simulator.money import ZERO
from local.tiny_simulator.people import COMPANY
from local.tiny_simulator.settings import Quirks
from local.tiny_simulator.spelling import Speller, as_number, fixed
from local.tiny_simulator.wire_orders import Json, address


def product(goods: Product, quirks: Quirks, speller: type[Speller] = Speller) -> Json:
    """Write ``produto.obter``."""
    say = speller(quirks, ("produto", goods.id), quirks.numeric_ids, quirks.numeric_values)
    answer: Json = {"id": say.id(goods.id)}
    if quirks.new_fields:
        answer["data_criacao"] = say.moment("data_criacao", goods.criado)
    answer |= _product_head(goods, say)
    answer |= _product_stock(goods, say)
    answer |= _product_tail(goods, say)
    answer |= _product_package(goods, say)
    answer |= _product_lists(goods, say)
    if quirks.unknown_fields:
        answer["id_marca_nova"] = "77"
    return answer


def _product_head(goods: Product, say: Speller) -> Json:
    return {
        "nome": goods.nome,
        "codigo": say.text("codigo", goods.codigo),
        "unidade": goods.unidade,
        "preco": say.price("preco", goods.preco),
        "preco_promocional": say.number("preco_promocional", goods.preco_promocional),
        "ncm": say.text("ncm", goods.ncm),
        "origem": goods.origem,
        "gtin": say.text("gtin", goods.gtin),
        "gtin_embalagem": say.blank("gtin_embalagem"),
        "localizacao": say.text("localizacao", goods.localizacao),
    }


def _product_stock(goods: Product, say: Speller) -> Json:
    return {
        "peso_liquido": say.number("peso_liquido", goods.peso_liquido, 3),
        "peso_bruto": say.number("peso_bruto", goods.peso_bruto, 3),
        "estoque_minimo": say.number("estoque_minimo", goods.estoque_minimo),
        "estoque_maximo": say.number("estoque_maximo", goods.estoque_maximo),
        "id_fornecedor": goods.id_fornecedor or (0 if say.quirks.zero_ids else say.blank("id_fornecedor")),
        "nome_fornecedor": say.text("nome_fornecedor", goods.nome_fornecedor),
        "codigo_fornecedor": say.text("codigo_fornecedor", goods.codigo_fornecedor),
        "codigo_pelo_fornecedor": say.blank("codigo_pelo_fornecedor"),
        "unidade_por_caixa": goods.unidade_por_caixa,
        "preco_custo": say.price("preco_custo", goods.preco_custo),
        "preco_custo_medio": say.price("preco_custo_medio", goods.preco_custo_medio),
        "situacao": goods.situacao,
        "tipo": goods.tipo,
    }


def _product_tail(goods: Product, say: Speller) -> Json:
    variations: Any = [
        say.wrapped(
            "variacao",
            {
                "id": say.whole(child.id),
                "codigo": child.codigo,
                "preco": f"{child.preco:.10f}",
                "grade": dict(child.grade),
            },
        )
        for child in goods.variacoes
    ]
    if not variations and say.quirks.empty_list_text:
        variations = ""
    return {
        "classe_ipi": say.blank("classe_ipi"),
        "valor_ipi_fixo": say.number("valor_ipi_fixo", ZERO, 0),
        "cod_lista_servicos": say.blank("cod_lista_servicos"),
        # With tags and entities, or plain.
        "descricao_complementar": say.text(
            "descricao_complementar", goods.descricao_rica if say.quirks.rich_text else goods.descricao
        ),
        "garantia": say.text("garantia", goods.garantia),
        "cest": say.text("cest", goods.cest),
        "obs": say.text("obs", goods.obs),
        "tipoVariacao": goods.tipo_variacao,
        "variacoes": say.rows("variacoes", variations, say.quirks.single_as_object)
        if variations
        else variations,
        "idProdutoPai": say.no_id("idProdutoPai", goods.id_pai),
        "sob_encomenda": goods.sob_encomenda,
        "dias_preparacao": say.readable("dias_preparacao", say.whole(goods.dias_preparacao), goods.id),
    }


def _product_package(goods: Product, say: Speller) -> Json:
    return {
        "marca": say.text("marca", goods.marca),
        "tipoEmbalagem": say.whole(goods.tipo_embalagem),
        "alturaEmbalagem": say.readable("alturaEmbalagem", fixed(goods.altura, 2), goods.id),
        "larguraEmbalagem": fixed(goods.largura, 2),
        "comprimentoEmbalagem": fixed(goods.comprimento, 2),
        "diametroEmbalagem": fixed(goods.diametro, 2),
        "qtd_volumes": say.whole(goods.qtd_volumes),
        "categoria": say.text("categoria", goods.categoria),
    }


def _product_lists(goods: Product, say: Speller) -> Json:
    share = say.quirks.single_as_object
    answer: Json = {
        "anexos": say.rows("anexos", [{"anexo": url} for url in goods.anexos], share),
        "imagens_externas": say.rows(
            "imagens_externas", [say.wrapped("imagem_externa", {"url": url}) for url in goods.imagens], share
        ),
        "classe_produto": goods.classe,
        "seo_title": say.blank("seo_title"),
        "seo_keywords": say.blank("seo_keywords"),
        "link_video": say.blank("link_video"),
        "seo_description": say.blank("seo_description"),
        "slug": say.text("slug", goods.slug),
    }
    if goods.kit:
        parts = [
            {"item": {"id_produto": str(part), "quantidade": say.number("kit", n)}} for part, n in goods.kit
        ]
        answer["kit"] = say.rows("kit", parts, share)
    if goods.ecommerce:
        mapping = {
            "idEcommerce": 1234,
            "skuMapeamento": goods.codigo,
            "idMapeamento": goods.id % 100000,
            "preco": fixed(goods.preco, 2),
            "preco_promocional": fixed(goods.preco_promocional, 2),
        }
        answer["mapeamentos"] = say.rows("mapeamentos", [{"mapeamento": mapping}], share)
    if goods.grade:
        answer["grade"] = dict(goods.grade)
    return answer


def product_row(goods: Product, quirks: Quirks) -> Json:
    """Write one row of ``produtos.pesquisa``."""
    say = Speller(quirks, ("produtos", goods.id), 1, 0)
    row: Json = {
        "id": goods.id,
        "nome": goods.nome,
        "codigo": say.text("codigo", goods.codigo),
        "preco": fixed(goods.preco, 2),
        "preco_promocional": fixed(goods.preco_promocional, 2),
        "preco_custo": say.number("preco_custo", goods.preco_custo),
        "preco_custo_medio": say.number("preco_custo_medio", goods.preco_custo_medio),
        "unidade": goods.unidade,
        "gtin": say.text("gtin", goods.gtin),
        "tipoVariacao": goods.tipo_variacao,
        "localizacao": say.text("localizacao", goods.localizacao),
        "situacao": goods.situacao,
    }
    if quirks.new_fields:
        row["data_criacao"] = say.moment("data_criacao", goods.criado)
    return {"produto": row}


def seller_row(seller: Seller, quirks: Quirks) -> Json:
    """Write one row of ``vendedores.pesquisa``."""
    say = Speller(quirks, ("vendedores", seller.id), 1, 0)
    row: Json = {
        "id": seller.id,
        "codigo": seller.codigo,
        "nome": seller.nome,
        "tipo_pessoa": "F",
        "fantasia": say.blank("fantasia"),
        "cpf_cnpj": say.blank("cpf_cnpj"),
        "email": say.blank("email"),
        **address(Contact(id=seller.id, nome=seller.nome), say),
        "situacao": "Ativo",
    }
    return {"vendedor": row}


def contact_row(contact: Contact, seller: Seller | None, quirks: Quirks) -> Json:
    """Write one row of ``contatos.pesquisa``."""
    say = Speller(quirks, ("contatos", contact.id), quirks.numeric_ids, 0)
    row: Json = {
        "id": say.id(contact.id),
        "codigo": say.text("codigo", contact.codigo),
        "nome": contact.nome,
        "fantasia": say.text("fantasia", contact.fantasia),
        "tipo_pessoa": say.text("tipo_pessoa", contact.tipo),
        "cpf_cnpj": say.text("cpf_cnpj", contact.documento),
        **address(contact, say),
        "email": say.text("email", contact.email),
        "fone": say.text("fone", contact.fone),
        "id_lista_preco": as_number(ZERO),
        "id_vendedor": say.text("id_vendedor", str(seller.id) if seller else ""),
        "nome_vendedor": say.text("nome_vendedor", seller.nome if seller else ""),
        "situacao": "Ativo",
        "data_criacao": say.moment("data_criacao", contact.criado),
    }
    return {"contato": row}


def account(quirks: Quirks, cnpj: str) -> Json:
    """Write ``info``: the company that the token belongs to, its CNPJ with punctuation."""
    say = Speller(quirks, ("info",), 0, 0)
    return {
        "razao_social": f"{COMPANY} Ltda (inventado)",
        "cnpj_cpf": _masked(cnpj),
        "fantasia": COMPANY,
        "endereco": "Rua das Amostras",
        "numero": "1",
        "bairro": "Centro",
        "complemento": say.blank("complemento"),
        "cidade": "Brasília",
        "estado": "DF",
        "cep": "70.000-000",
        "fone": say.blank("fone"),
        "email": "loja@example.com",
        "inscricao_estadual": say.blank("inscricao_estadual"),
        "regime_tributario": "Simples Nacional",
    }


def _masked(cnpj: str) -> str:
    """Write a CNPJ with its punctuation; what has another length stays as it is."""
    return re.sub(r"(?a)^(\w\w)(\w{3})(\w{3})(\w{4})(\w\w)$", r"\1.\2.\3/\4-\5", cnpj)
