"""Customers' keys, and that no personal data is in the default views."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.component.views.rows import Row, Viewed, line, order, search_line, table
from tiny_operators.warehouse.datasets import keys_table
from tiny_operators.warehouse.views import views

pytestmark = pytest.mark.stack

DAY = "2024-05-06"
# A customer a line, and what the key is made of.
CUSTOMERS = table("""
    cpf                | email              | celular          | fone           | identidade
    333.444.777-35     | a@exemplo.invalid  | (11) 91234-5678  | -              | documento:33344477735
    33344477735        | -                  | -                | -              | documento:33344477735
    99.888.777/0001-66 | -                  | -                | -              | documento:99888777000166
    12.abc.345/01de-35 | -                  | -                | -              | documento:12ABC34501DE35
    # Masked, empty, cut or filled with one digit: no document.
    ***.444.777-**     | B@Exemplo.invalid  | -                | -              | email:b@exemplo.invalid
    -                  | b@exemplo.invalid  | (11) 91234-5678  | -              | email:b@exemplo.invalid
    333.444.777        | b@exemplo.invalid  | -                | -              | email:b@exemplo.invalid
    000.000.000-00     | b@exemplo.invalid  | -                | -              | email:b@exemplo.invalid
    xxx.444.777-xx     | não tem            | (11) 91234-5678  | (11) 3333-4444 | telefone:11912345678
    -                  | josé@exemplo       | +55 11 91234-5678 | -             | telefone:11912345678
    -                  | -                  | 55 91234-5678    | -              | telefone:55912345678
    -                  | -                  | 9999-9999        | 011 3333-4444  | telefone:1133334444
    -                  | -                  | (99) 99999-9999  | (11) 3*** 4444 | -
    -                  | -                  | -                | -              | -
    # Contacts that stand for nobody: known false documents, the store's own, and those of the stores file.
    123.456.789-09     | -                  | -                | -              | -
    12345678909        | c@exemplo.invalid  | -                | -              | email:c@exemplo.invalid
    11.222.333/0001-81 | -                  | -                | -              | -
    -                  | Caixa@Loja.invalid | -                | -              | -
    -                  | caixa@loja.invalid | (11) 91234-5678  | -              | telefone:11912345678
    -                  | -                  | (61) 93333-4444  | 55 61 93333-4444 | -
    555.666.777-20     | -                  | -                | -              | -
    333.444.777-35     | caixa@loja.invalid | (61) 93333-4444  | -              | documento:33344477735
""")
_FIRST = 4000
CANARY: dict[str, str] = {
    name: f"canário-{name}"
    for name in (
        *("nome", "fantasia", "codigo", "tipo", "endereco", "enderecoNro", "complemento", "bairro", "cidade"),
        *("uf", "cep", "fone", "celular", "inscricaoEstadual"),
    )
} | {"cpfCnpj": "444.777.111-33", "email": "canario@exemplo.invalid"}


@pytest.fixture(scope="module")
def customers(viewed: Viewed) -> Viewed:
    orders = []
    for number, given in enumerate(CUSTOMERS, start=_FIRST):
        contact = {"nome": "Consumidor Final", "cpfCnpj": given["cpf"]}
        contact |= {name: given[name] for name in ("email", "celular", "fone")}
        orders.append(order(number, DAY, "10.00", [line(None, "10.00")], contato=contact))
    reported = {
        "contato": CANARY,
        "enderecoEntrega": {"nome": "canário-entrega"},
        "observacoes": "canário-obs",
    }
    reported |= {"payload": {"contato": CANARY}, "timestamp": f"{DAY}T12:00:00Z"}
    # A sale, an order that is none, and one that is recent enough for the views that look back from today.
    orders.append(order(_FIRST - 1, DAY, "10.00", [line(None, "10.00")], **reported))
    orders.append(order(_FIRST - 2, DAY, "10.00", [line(None, "10.00")], **reported, situacao="Cancelado"))
    recent = datetime.now(UTC).date() - timedelta(days=200)
    orders.append(order(_FIRST - 3, recent, "0.00", [line(None, "0.00")], **reported))
    compared = {"store": viewed.store.prefix, "date": DAY, "run": "a", "compared_at": f"{DAY}T12:00:00Z"}
    viewed.load({
        "pdv": orders,
        "pesquisa": [search_line(row) | {"nome": "canário-nome"} for row in orders],
        "reconciliation": [compared],
    })
    return viewed


def secret(viewed: Viewed) -> bytes:
    (row,) = viewed.client.query_and_wait(f"SELECT chave FROM `{keys_table(viewed.store)}`")
    key: bytes = row["chave"]
    return key


def test_a_key_is_the_hmac_of_what_identifies_the_customer(customers: Viewed) -> None:
    key = secret(customers)
    found = {
        row["pedido_id"]: row["cliente_chave"] for row in customers.rows("pedidos", f"pedido_dia = '{DAY}'")
    }
    expected = [
        given["identidade"] and hmac.new(key, given["identidade"].encode(), hashlib.sha256).hexdigest()
        for given in CUSTOMERS
    ]
    assert [found[number] for number in range(_FIRST, _FIRST + len(CUSTOMERS))] == expected


def test_no_personal_data_is_in_the_default_views(customers: Viewed) -> None:
    default = [view for view in views(customers.store) if view.dataset == customers.store.report_dataset]
    assert {view.name for view in default} >= {"pedidos", "itens_pedido", "clientes", "atualizacao"}
    reported = [*CANARY.values(), "canário", "44477711133", secret(customers).hex()]
    for view in default:
        rows = customers.rows(view.name)
        assert rows, view.name
        text = repr(rows)
        assert not [value for value in reported if value in text], view.name
        assert not [name for name in rows[0] if name.startswith("cliente_") and name != "cliente_chave"]


def test_the_personal_views_have_what_the_default_ones_have_and_who_the_customer_is(
    customers: Viewed,
) -> None:
    personal = ("cliente_nome", "cliente_cpf", "cliente_email", "cliente_celular")

    def by_order(rows: list[Row]) -> dict[Any, Row]:
        return {row["pedido_id"]: row for row in rows}

    for view in ("pedidos", "itens_pedido"):
        default = by_order(customers.rows(view, f"pedido_dia = '{DAY}'"))
        reported = by_order(customers.rows(view, f"pedido_dia = '{DAY}'", personal=True))
        contact = reported[_FIRST - 1]
        assert [contact[name] for name in personal] == [
            CANARY[name] for name in ("nome", "cpfCnpj", "email", "celular")
        ]
        names = list(contact)
        assert names[names.index("pedido_numero") + 1 : names.index("cliente_chave")] == list(personal)
        assert {
            pedido: {name: value for name, value in row.items() if name not in personal}
            for pedido, row in reported.items()
        } == default
