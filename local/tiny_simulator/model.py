"""The shop's things as they are, before anybody writes them down: typed, exact, without a wire form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from local.tiny_simulator.money import ZERO, cents, discount_value

LABELS: Mapping[str, str] = {
    "aberto": "Em aberto",
    "aprovado": "Aprovado",
    "preparando_envio": "Preparando envio",
    "faturado": "Faturado",
    "pronto_envio": "Pronto para envio",
    "enviado": "Enviado",
    "entregue": "Entregue",
    "nao_entregue": "Não entregue",
    "cancelado": "Cancelado",
    "dados_incompletos": "Dados incompletos",
}
"""Label of each order status code."""

PAYMENT_CODES: Mapping[str, str] = {
    "dinheiro": "01",
    "credito": "03",
    "debito": "04",
    "crediario": "05",
    "vale_alimentacao": "10",
    "boleto": "15",
    "deposito": "16",
    "pix": "17",
}
"""``tPag`` (the fiscal note's code) of each way to pay."""


@dataclass(frozen=True, slots=True)
class Seller:
    """A person who sells."""

    id: int
    codigo: str
    nome: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer as the order keeps it (a copy of that day); ``id`` is the contact's own."""

    id: int
    nome: str
    tipo: str = ""
    documento: str = ""
    codigo: str = ""
    fantasia: str = ""
    endereco: str = ""
    numero: str = ""
    complemento: str = ""
    bairro: str = ""
    cidade: str = ""
    uf: str = ""
    cep: str = ""
    fone: str = ""
    celular: str = ""
    email: str = ""
    inscricao_estadual: str = ""
    criado: datetime | None = None
    id_vendedor: int | None = None


@dataclass(frozen=True, slots=True)
class Variation:
    """One entry of a parent product's ``variacoes``."""

    id: int
    codigo: str
    preco: Decimal
    grade: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Product:
    """A product or service. Amounts in reais, weights in kg, lengths in cm; None is "not filled in"."""

    id: int
    nome: str
    codigo: str
    preco: Decimal
    categoria: str
    criado: datetime
    preco_custo: Decimal | None
    preco_custo_medio: Decimal | None
    unidade: str = "UN"
    preco_promocional: Decimal = ZERO
    ncm: str = ""
    origem: str = "0"
    gtin: str = ""
    localizacao: str = ""
    peso_liquido: Decimal | None = None
    peso_bruto: Decimal | None = None
    estoque_minimo: Decimal = ZERO
    estoque_maximo: Decimal = ZERO
    id_fornecedor: int | None = None
    nome_fornecedor: str = ""
    codigo_fornecedor: str = ""
    unidade_por_caixa: str = "1"
    situacao: str = "A"
    tipo: str = "P"
    descricao: str = ""
    descricao_rica: str = ""
    garantia: str = ""
    cest: str = ""
    obs: str = ""
    tipo_variacao: str = "N"
    variacoes: tuple[Variation, ...] = ()
    id_pai: int | None = None
    grade: Mapping[str, str] = field(default_factory=dict)
    sob_encomenda: str = "N"
    dias_preparacao: int = 0
    marca: str = ""
    tipo_embalagem: int = 2
    altura: Decimal = ZERO
    largura: Decimal = ZERO
    comprimento: Decimal = ZERO
    diametro: Decimal = ZERO
    qtd_volumes: int = 1
    anexos: tuple[str, ...] = ()
    imagens: tuple[str, ...] = ()
    classe: str = "S"
    kit: tuple[tuple[int, Decimal], ...] = ()
    ecommerce: bool = False
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order. ``valor`` is the unit price in reais after the line's own discount in percent."""

    id: int
    id_produto: int | None
    descricao: str
    codigo: str
    valor: Decimal
    quantidade: Decimal
    desconto: str
    unidade: str
    tipo: str = "P"
    ncm: str = ""
    origem: str = ""
    cest: str = ""
    gtin: str = ""
    peso_liquido: Decimal | None = None
    peso_bruto: Decimal | None = None

    @property
    def total(self) -> Decimal:
        """Line total in whole cents."""
        return cents(self.valor * self.quantidade)


@dataclass(frozen=True, slots=True)
class Instalment:
    """A payment line."""

    forma: str
    vencimento: date
    valor: Decimal


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a marketplace order comes from."""

    id: int
    nome: str
    numero: str
    envio_id: int
    envio: str


@dataclass(slots=True)
class Order:
    """A sale. Amounts in reais; ``desconto`` as a person typed it; times without zone, of the shop's town.

    ``data`` is the day of the sale, which people edit; ``registrado`` the day on which Tiny got the order, which stays.
    """

    id: int
    numero: int
    data: date
    criado: datetime
    alterado: datetime
    registrado: date
    contato: Contact
    vendedor: Seller | None
    itens: list[Item]
    parcelas: list[Instalment]
    desconto: str
    forma_pagamento: str
    situacao: str
    frete: Decimal = ZERO
    ipi: Decimal = ZERO
    icms_st: Decimal = ZERO
    frete_por_conta: str = "S"
    observacoes: str = ""
    entrega: Contact | None = None
    canal: Channel | None = None
    data_prevista: date | None = None
    data_faturamento: date | None = None
    rastreio: str = ""
    id_nota: int | None = None
    visivel_s: float = 0.0
    """Monotonic second of its birth: a search may show it only some time later. 0 for history."""

    @property
    def total_produtos(self) -> Decimal:
        """Sum of the lines in whole cents."""
        return sum((item.total for item in self.itens), ZERO)

    @property
    def valor_desconto(self) -> Decimal:
        """What ``desconto`` takes off, in reais; negative for a surcharge."""
        return discount_value(self.desconto, self.total_produtos)

    @property
    def total_venda(self) -> Decimal:
        """What the customer pays."""
        return self.total_produtos - self.valor_desconto + self.frete + self.ipi + self.icms_st

    def peso(self, *, bruto: bool) -> Decimal:
        """Return the weight of all lines in kg."""
        weights = ((i.peso_bruto if bruto else i.peso_liquido) or ZERO for i in self.itens)
        total = sum((w * i.quantidade for w, i in zip(weights, self.itens, strict=True)), ZERO)
        return total.quantize(Decimal("0.001"))
