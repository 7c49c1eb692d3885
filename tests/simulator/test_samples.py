"""Each answer has the keys of its sample, and each value a form that the samples or the reference show."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.client import Json, Tiny, many

SAMPLES = Path(__file__).parents[1] / "samples" / "tiny"
FORMS = {
    "moment": r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d",
    "date": r"\d\d/\d\d/\d{4}",
    "percent": r"\d+(,\d+)?%",
    "comma": r"-?\d+,\d\d",
    "dotted": r"-?\d+\.\d+",
    "digits": r"\d+",
    "blank": r"\s*",
}
NUMBERS = {"digits", "dotted", "number"}


def form(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return next((name for name, pattern in FORMS.items() if re.fullmatch(pattern, value)), "text")
    return "object" if isinstance(value, dict) else "list"


def forms(value: object, path: str = "") -> dict[str, set[str]]:
    """Forms by path; an element of a list has the path of the list and a star."""
    found = {path: {form(value)}}
    if isinstance(value, dict):
        children = [forms(part, f"{path}.{key}") for key, part in value.items()]
    else:
        children = [forms(part, f"{path}*") for part in value] if isinstance(value, list) else []
    for child in children:
        for where, which in child.items():
            found.setdefault(where, set()).update(which)
    return found


def whole(name: str) -> Json:
    answer: Json = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return answer


def sample(*names: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in names:
        for where, which in forms(whole(name)).items():
            found.setdefault(where, set()).update(which)
    return found


# Where the samples are fewer than what the reference describes: blank texts, numbers as text, missing ids.
FREE_TEXT = {"text", "blank", "digits", "dotted", "date"}


def allowed(path: str, shown: set[str]) -> set[str]:
    more = set(shown)
    if shown & {"text", "blank", "date", "moment", "digits", "null"}:
        more |= FREE_TEXT
    if shown & NUMBERS or path.endswith(("peso_liquido", "preco_custo", "preco_custo_medio")):
        more |= NUMBERS | {"blank"}
    if path.endswith("desconto"):
        more |= {"percent", "comma", "digits", "blank"}
    if path.endswith((".anexos", ".kit", ".variacoes", ".imagens_externas", ".mapeamentos")):
        more |= {"object", "list", "blank"}
    return more


def check(answer: Any, *names: str, optional: tuple[str, ...] = ()) -> None:
    expected, seen = sample(*names), forms(answer)
    for path, which in seen.items():
        assert path in expected, f"{path} is in no sample"
        assert which <= allowed(path, expected[path]), (
            f"{path}: {which} but the samples show {expected[path]}"
        )
    for path in expected:
        parent = path.rpartition(".")[0]
        if parent in seen and not path.endswith("*") and not path.endswith(optional):
            assert path in seen, f"{path} is missing"


@pytest.fixture(params=["common", "plain"])
def written(request: pytest.FixtureRequest, tiny: Tiny) -> Tiny:
    """Plain answers are compared without their nulls: there, nothing is null rather than blank."""
    quirks = dict.fromkeys(("blank_nulls", "zero_ids", "new_fields", "empty_list_text"), True)
    tiny.settings(profile=request.param, quirks=quirks)
    return tiny


PDV = ("pdv_pedido_obter", "pdv_pedido_obter_desconto_percentual")


def test_pdv_orders(written: Tiny) -> None:
    orders = written.get("truth", tables="orders")["orders"]
    assert len(orders) >= 150
    for order in orders[:150]:
        answer = written.raw("pdv.pedido.obter", id=order["id"], formato=None).json()
        check(answer, *PDV, optional=("*", ".itens", ".parcelas"))


def test_search(written: Tiny) -> None:
    names = ("pedidos_pesquisa", "pedidos_pesquisa_numero", "pedidos_pesquisa_tipos_numericos")
    answer = written.raw("pedidos.pesquisa", pagina=2).json()
    assert len(answer["retorno"]["pedidos"]) == 100
    check(answer, *names)


def test_office_orders(written: Tiny) -> None:
    orders = written.get("truth", tables="orders")["orders"]
    sent = [order["id"] for order in orders if order["marketplace"]]
    assert sent
    for order_id in sent:
        check(written.raw("pedido.obter", id=order_id).json(), "pedido_obter")
    till = next(order["id"] for order in orders if not order["marketplace"])
    optional = (".endereco_entrega", ".ecommerce", ".intermediador")
    check(written.raw("pedido.obter", id=till).json(), "pedido_obter", optional=optional)


PRODUCTS = (
    "produto_obter", "produto_obter_variacao", "produto_obter_variacao_filha", "produto_obter_kit",
    "produto_obter_sem_custo", "produto_obter_item_unico_objeto",
)  # fmt: skip


def test_products(written: Tiny) -> None:
    # One object in place of a list of one: compare as lists, the samples too.
    lists = ("anexos", "imagens_externas", "kit", "mapeamentos")
    expected: dict[str, set[str]] = {}
    for name in PRODUCTS:
        answer = whole(name)
        _as_lists(answer["retorno"]["produto"], lists)
        for where, which in forms(answer).items():
            expected.setdefault(where, set()).update(which)
    optional = {".grade", ".kit", ".mapeamentos"}
    always = {p for p in expected if p.count(".") == 3 and not p.endswith(tuple(optional)) and "*" not in p}
    kinds = set()
    for row in written.get("truth", tables="produto", products="all")["produto"]:
        answer = written.raw("produto.obter", id=row["id"]).json()
        _as_lists(answer["retorno"]["produto"], lists)
        seen = forms(answer)
        kinds.add((row["classe_produto"], row["tipoVariacao"]))
        assert always <= seen.keys()
        for path, which in seen.items():
            assert path in expected, f"{path} is in no sample"
            assert which <= allowed(path, expected[path]), f"{path}: {which}"
    assert kinds == {("S", "N"), ("S", "V"), ("V", "P"), ("K", "N")}


def _as_lists(product: Json, names: tuple[str, ...]) -> None:
    for name in names:
        if name in product:
            product[name] = many(product[name])


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("produtos.pesquisa", ("produtos_pesquisa",)),
        ("contatos.pesquisa", ("contatos_pesquisa",)),
        ("vendedores.pesquisa", ("vendedores_pesquisa",)),
        ("pdv.pedidos", ("pdv_pedidos",)),
        ("info", ("info",)),
    ],
)
def test_others(written: Tiny, service: str, names: tuple[str, ...]) -> None:
    check(written.raw(service).json(), *names)


def test_webhooks(tiny: Tiny) -> None:
    orders = tiny.sell(60, pair=True)
    kinds = {"formaEnvio": 0, "idNotaFiscal": 0}
    for order in orders:
        first, second = order["webhooks"]
        assert (first["tipo"], second["tipo"]) == ("inclusao_pedido", "atualizacao_pedido")
        assert first["dados"] == second["dados"]
        for key in kinds:
            kinds[key] += key in first["dados"]
        names = ("webhook_inclusao_pedido", "webhook_atualizacao_pedido_ecommerce")
        check(first, *names, optional=(".formaEnvio", ".idNotaFiscal"))
    assert all(kinds.values())


@pytest.mark.parametrize(
    ("name", "service", "params"),
    [
        ("erro_token_nao_informado", "info", {"token": None}),
        ("erro_token_invalido", "info", {"token": "wrong"}),
        ("erro_parametro_nao_informado", "pdv.pedido.obter", {}),
        ("erro_registro_nao_localizado", "pdv.pedido.obter", {"id": 1}),
        ("erro_pagina_inexistente", "pedidos.pesquisa", {"pagina": 99}),
        ("pedidos_pesquisa_vazia", "pedidos.pesquisa", {"numero": 1}),
    ],
)
def test_errors_are_equal(tiny: Tiny, name: str, service: str, params: Json) -> None:
    assert tiny.raw(service, **params).json() == whole(name)


@pytest.mark.parametrize(("name", "code"), [("erro_concorrencia", 11), ("erro_inesperado", 35)])
def test_scripted_errors_are_equal(tiny: Tiny, name: str, code: int) -> None:
    tiny.post("faults", {"service": "info", "faults": [f"code_{code}"]})
    assert tiny.raw("info").json() == whole(name)


def test_maintenance_with_a_number(tiny: Tiny) -> None:
    tiny.settings(profile="plain", quirks={"numeric_status": 1})
    tiny.post("faults", {"service": "info", "faults": ["code_99"]})
    assert tiny.call("info") == {
        "status_processamento": 1,
        "status": "Erro",
        "codigo_erro": 99,
        "erros": [{"erro": "Sistema em manutenção"}],
    }


def test_bad_gateway_is_the_sample(tiny: Tiny) -> None:
    tiny.post("faults", {"service": "info", "faults": ["html_502"]})
    answer = tiny.raw("info")
    assert answer.status_code == 502
    assert answer.text.strip() == (SAMPLES / "erro_html_502.html").read_text(encoding="utf-8").strip()
