"""Invented people: the account, its sellers, its customers.

Nobody here exists. Surnames say so, e-mails end in example.com, and the CPF numbers are flagged as invented
by their check digits, which are wrong on purpose (except the well known sample 111.444.777-35): none can be
a real person's.
"""

from datetime import datetime, timedelta
from typing import Final

from local.tiny_simulator.model import Contact, Seller

CNPJ: Final = "11222333000181"
COMPANY: Final = "Empório Zingaro"

SELLERS: Final = (
    Seller(740000001, "V1", "Vendedora Exemplo"),
    Seller(740000002, "V2", "Aurélio Amostra"),
    Seller(740000003, "V3", "Beatriz Fictícia"),
    Seller(740000004, "V4", "Caetano Inventado"),
)

ANONYMOUS: Final = Contact(id=720000011, nome="Consumidor Final")

_FIRST: Final = (
    "Joana", "Carlos", "Íris", "Otávio", "Luzia", "Benício", "Conceição", "Davi", "Eulália", "Fábio",
    "Graça", "Heitor", "Inácia", "João", "Kátia", "Lázaro", "Márcia", "Núbia", "Osório", "Penélope",
)  # fmt: skip
_LAST: Final = ("Exemplo da Silva", "Amostra", "Fictício", "Inventada", "Modelo", "de Teste")
_QUARTERS: Final = ("Asa Sul", "Asa Norte", "Lago Sul", "Sudoeste", "Centro")
_SPOILT: Final = 5
_MODULUS: Final = 11


def spoilt_cpf(number: int) -> str:
    """Return a CPF in its usual spelling with check digits that are wrong on purpose."""
    base = f"900{number:06d}"
    first = _check_digit(base)
    second = _check_digit(base + str(first))
    digits = f"{base}{(first + _SPOILT) % 10}{(second + _SPOILT) % 10}"
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def _check_digit(digits: str) -> int:
    total = sum(int(d) * weight for d, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True))
    return (total * 10) % _MODULUS % 10


def _person(index: int, customer: int) -> Contact:
    first, last = _FIRST[customer % len(_FIRST)], _LAST[customer % len(_LAST)]
    return Contact(
        id=720000012 + index,
        nome=f"{first} {last}",
        tipo="F",
        documento="111.444.777-35" if customer == 0 else spoilt_cpf(customer),
        codigo=f"C-{index + 12}" if index % 2 else "",
        endereco="Rua das Amostras",
        numero=str(100 + customer),
        complemento="Bloco B" if customer % 3 == 0 else "",
        bairro=_QUARTERS[customer % len(_QUARTERS)],
        cidade="Brasília",
        uf="DF",
        cep=f"70.000-{customer:03d}",
        celular=f"(61) 90000-{customer:04d}",
        email=f"cliente{customer}@example.com" if customer % 4 else "",
        criado=datetime.fromisoformat("2025-02-10T16:20:11") + timedelta(days=3 * customer)
        if customer % 5
        else None,
        id_vendedor=SELLERS[customer % len(SELLERS)].id if customer % 6 == 1 else None,
    )


def _company(index: int) -> Contact:
    return Contact(
        id=720000012 + index,
        nome=f"Comércio Amostra {index} Ltda",
        fantasia=f"Bistrô Fictício {index}",
        tipo="J",
        documento="11.222.333/0001-81",
        codigo=f"J-{index}",
        endereco="Avenida dos Modelos",
        numero=str(index),
        bairro="Centro",
        cidade="Brasília",
        uf="DF",
        cep="70.000-900",
        fone="(61) 3000-0000",
        email=f"compras{index}@example.com",
        inscricao_estadual="ISENTO",
        criado=datetime.fromisoformat("2025-01-07T09:00:00"),
    )


_PEOPLE: Final = 60
CUSTOMERS: Final = (
    *(_person(i, i) for i in range(_PEOPLE)),
    # The same person under a second contact, as happens when the till and a marketplace both create one.
    *(_person(_PEOPLE + i, i) for i in range(0, 10, 2)),
    *(_company(_PEOPLE + 5 + i) for i in range(4)),
)
