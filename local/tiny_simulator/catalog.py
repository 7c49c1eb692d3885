"""Invented goods of the delicatessen: by the piece, by weight, kits, variations, a service without cost."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from local.tiny_simulator.model import Product, Variation

_FIRST_ID: Final = 730000001
_PIECE, _WEIGHED = "UN", "KG"


@dataclass(frozen=True, slots=True)
class _Shelf:
    category: str
    ncm: str
    brand: str
    unit: str
    net_kg: str
    goods: str
    """One good a line: name; price; cost."""


_SHELVES: Final = (
    _Shelf("Laticínios >> Queijos", "0406.90.20", "Queijaria Modelo", _WEIGHED, "1.000", """
Queijo Minas Curado (kg); 89.90; 52.3000
Queijo Canastra (kg); 119.90; 71.8550
Queijo Gorgonzola (kg); 98.50; 60.1025
Parmesão 12 meses (kg); 145.00; 88.0000
Provolone Defumado (kg); 92.75; 51.4480
Brie Importado (kg); 168.90; 104.2000
Queijo de Cabra (kg); 139.00; 85.5000"""),
    _Shelf("Laticínios >> Manteigas", "0405.10.00", "Queijaria Modelo", _PIECE, "0.200", """
Manteiga de Garrafa 200ml; 24.90; 13.2500
Manteiga com Ervas 200g; 28.50; 15.9000
Requeijão de Corte 400g; 32.00; 18.7500"""),
    _Shelf("Bebidas >> Vinhos >> Tintos", "2204.21.00", "Vinícola Amostra", _PIECE, "1.250", """
Vinho Tinto 750ml; 54.90; 31.2000
Tinto Reserva 750ml; 112.00; 66.4000
Tinto do Cerrado 750ml; 87.90; 49.9900
Malbec de Altitude 750ml; 139.90; 82.3333
Syrah de Inverno 750ml; 165.00; 97.5000"""),
    _Shelf("Bebidas >> Vinhos >> Brancos", "2204.21.00", "Vinícola Amostra", _PIECE, "1.250", """
Vinho Branco Seco 750ml; 59.90; 34.0000
Moscatel 750ml; 64.90; 36.1250
Espumante Brut 750ml; 98.00; 57.2000"""),
    _Shelf("Mercearia >> Castanhas", "0801.32.00", "Granel", _WEIGHED, "1.000", """
Castanha de Caju W1 (kg); 109.90; 64.5000
Castanha-do-Pará (kg); 128.00; 77.2500
Nozes Chilenas (kg); 96.40; 55.1000
Amêndoas Torradas (kg); 104.90; 63.3350
Pistache sem Casca (kg); 259.00; 171.0000
Baru Torrado (kg); 142.30; 84.0000"""),
    _Shelf("Mercearia >> Frutas Secas", "0813.40.90", "Granel", _WEIGHED, "1.000", """
Damasco Turco (kg); 84.90; 48.2000
Tâmara Medjool (kg); 132.00; 80.0000
Uva-passa Branca (kg); 46.90; 24.9500
Figo Seco (kg); 91.00; 53.7000
Banana-passa (kg); 58.30; 29.1250"""),
    _Shelf("Mercearia >> Cafés", "0901.21.00", "Marca Exemplo", _PIECE, "0.250", """
Café Torrado 250g; 20.00; 11.4000
Café do Cerrado 500g; 42.90; 25.6500
Café Microlote 250g; 49.00; 30.2000"""),
    _Shelf("Mercearia >> Azeites", "1509.20.00", "Olivais Fictícios", _PIECE, "0.500", """
Azeite Extravirgem 500ml; 69.90; 43.1000
Azeite com Limão 250ml; 48.00; 27.8000
Azeitona Verde 300g; 22.50; 12.0500"""),
    _Shelf("Mercearia >> Doces & Conservas", "2007.99.90", "Marca Exemplo", _PIECE, "0.320", """
Geleia de Jabuticaba 320g; 29.90; 16.0000
Geleia de Pimenta 320g; 27.50; 14.6667
Doce de Leite 400g; 26.00; 13.9000
Mel do Cerrado 500g; 38.90; 21.4000
Goiabada Cascão 600g; 23.40; 11.2500"""),
    _Shelf("Padaria", "1905.90.20", "Marca Exemplo", _PIECE, "0.400", """
Pão de Fermentação Natural; 24.00; 9.8000
Torrada Integral 160g; 14.90; 6.7500
Biscoito de Polvilho 200g; 12.50; 5.4000"""),
    _Shelf("Frios", "1602.49.00", "Charcutaria Modelo", _WEIGHED, "1.000", """
Presunto Cru (kg); 189.00; 121.5000
Salame Artesanal (kg); 115.00; 68.2500
Copa Lombo (kg); 134.50; 79.9000"""),
)  # fmt: skip


def catalog() -> dict[int, Product]:
    """Return all goods by id."""
    goods: list[Product] = []
    for shelf in _SHELVES:
        for line in shelf.goods.strip().splitlines():
            name, price, cost = (part.strip() for part in line.split(";"))
            goods.append(_good(len(goods), name, Decimal(price), Decimal(cost), shelf))
    goods += [*_mugs(len(goods)), *_kits(len(goods) + 4, goods), *_odd_ones(len(goods) + 7)]
    return {product.id: product for product in goods}


def _ean(index: int) -> str:
    digits = f"789000000{index:03d}"
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(digits))
    return f"{digits}{-total % 10}"


def _born(index: int) -> datetime:
    return datetime.fromisoformat("2024-01-02T10:15:00") + timedelta(days=index, minutes=7 * index)


def _good(index: int, name: str, price: Decimal, cost: Decimal, shelf: _Shelf) -> Product:
    weighed = shelf.unit == _WEIGHED
    net = Decimal(shelf.net_kg)
    return Product(
        id=_FIRST_ID + index,
        nome=name,
        codigo=f"{name.split(maxsplit=1)[0].upper()[:6]}-{index + 1:03d}",
        preco=price,
        preco_promocional=(price * Decimal("0.9")).quantize(Decimal("0.01"))
        if index % 11 == 0
        else Decimal(0),
        preco_custo=cost.quantize(Decimal("0.01")),
        preco_custo_medio=cost,
        categoria=shelf.category,
        criado=_born(index),
        unidade=shelf.unit,
        ncm=shelf.ncm,
        origem="1" if "Import" in name or "Turco" in name else "0",
        gtin="" if weighed else _ean(index + 1),
        localizacao=f"{'ABCD'[index % 4]}-{index % 20:02d}",
        peso_liquido=net,
        peso_bruto=net if weighed else net + Decimal("0.050"),
        estoque_minimo=Decimal(index % 5),
        estoque_maximo=Decimal(50) if index % 5 else Decimal(0),
        id_fornecedor=750000001 + index % 7 if index % 3 == 0 else None,
        nome_fornecedor=f"Fornecedor Fictício {index % 7}" if index % 3 == 0 else "",
        codigo_fornecedor=f"F-{index:03d}" if index % 3 == 0 else "",
        descricao=f"{name}: escolhido pela casa, servir com pão & azeite.",
        descricao_rica=f"<p>{name}: escolhido pela casa, servir com p&atilde;o &amp; azeite.</p>",
        cest="17.047.00" if index % 4 == 0 else "",
        obs="Manter refrigerado" if "Laticínios" in shelf.category else "",
        marca=shelf.brand,
        altura=Decimal("20.00"),
        largura=Decimal("10.00"),
        comprimento=Decimal("6.50"),
        anexos=tuple(f"https://example.invalid/img/{index + 1}-{n}.jpg" for n in range(index % 3)),
        imagens=(f"https://example.invalid/ext/{index + 1}.png",) if index % 4 == 1 else (),
        ecommerce=index % 5 == 0,
        slug=f"produto-{index + 1}",
    )


def _mugs(index: int) -> list[Product]:
    """Build a parent with three variations: the parent itself is never sold."""
    grades = [{"Tamanho": size, "Cor": "Azul"} for size in ("P", "M", "G")]
    children = [
        Product(
            id=_FIRST_ID + index + 1 + n,
            nome=f"Caneca Esmaltada Azul - {grade['Tamanho']}",
            codigo=f"CANECA-{grade['Tamanho']}",
            preco=Decimal("36.32") + n,
            preco_custo=Decimal("17.50"),
            preco_custo_medio=Decimal("17.4925"),
            categoria="Utensílios >> Canecas",
            criado=_born(index),
            ncm="7323.94.00",
            gtin=_ean(index + 1 + n),
            peso_liquido=Decimal("0.300"),
            peso_bruto=Decimal("0.350"),
            marca="Marca Exemplo",
            tipo_variacao="V",
            id_pai=_FIRST_ID + index,
            grade=grade,
        )
        for n, grade in enumerate(grades)
    ]
    parent = replace(
        children[0],
        id=_FIRST_ID + index,
        nome="Caneca Esmaltada Azul",
        codigo="CANECA",
        gtin="",
        tipo_variacao="P",
        id_pai=None,
        grade={},
        variacoes=tuple(Variation(c.id, c.codigo, c.preco, c.grade) for c in children),
        classe="V",
        slug="caneca-esmaltada-azul",
    )
    return [parent, *children]


def _kits(index: int, goods: list[Product]) -> list[Product]:
    """Build kits of several parts and of one part; only one has a cost of its own."""
    plans = (
        ("Kit Café + Vinho", "69.90", None, ((30, "1"), (10, "1"))),
        ("Kit Degustação", "149.00", "84.10", ((0, "0.2500"), (4, "0.2000"), (12, "1"))),
        ("Kit Dúzia de Geleias", "310.00", Decimal(0), ((36, "12"),)),
    )
    return [
        Product(
            id=_FIRST_ID + index + n,
            nome=name,
            codigo=f"KIT-{n + 1}",
            preco=Decimal(price),
            preco_custo=None if cost is None else Decimal(cost),
            preco_custo_medio=None if cost is None else Decimal(cost),
            categoria="Kits",
            criado=_born(index + n),
            ncm="2106.90.90",
            peso_liquido=Decimal("1.500"),
            peso_bruto=Decimal("1.800"),
            classe="K",
            kit=tuple((goods[part].id, Decimal(quantity)) for part, quantity in parts),
            anexos=("https://example.invalid/img/kit.jpg",),
            ecommerce=n == 0,
        )
        for n, (name, price, cost, parts) in enumerate(plans)
    ]


def _odd_ones(index: int) -> list[Product]:
    """Build a service without cost or weight, an inactive good, and one without category."""
    service = Product(
        id=_FIRST_ID + index,
        nome="Serviço de Entrega",
        codigo="",
        preco=Decimal("15.00"),
        preco_custo=None,
        preco_custo_medio=None,
        categoria="",
        criado=_born(index),
        tipo="S",
    )
    inactive = replace(
        service,
        id=_FIRST_ID + index + 1,
        nome="Cesta de Natal Antiga",
        codigo="CESTA-ANT",
        preco=Decimal("250.00"),
        preco_custo=Decimal("160.00"),
        preco_custo_medio=Decimal("160.0000"),
        tipo="P",
        situacao="I",
        sob_encomenda="S",
        dias_preparacao=3,
    )
    wrap = replace(inactive, id=_FIRST_ID + index + 2, nome="Embalagem para Presente", codigo="EMB-01",
                   preco=Decimal("6.00"), preco_custo=Decimal("2.10"), preco_custo_medio=Decimal("2.0875"),
                   situacao="A", sob_encomenda="N", dias_preparacao=0)  # fmt: skip
    return [service, inactive, wrap]
