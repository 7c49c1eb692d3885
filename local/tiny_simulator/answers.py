"""Envelopes: good answers, errors in their several shapes, pages."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from local.tiny_simulator.limits import THROTTLED
from local.tiny_simulator.settings import Limits, Quirks
from local.tiny_simulator.spelling import chance
from local.tiny_simulator.xml import to_xml

TEXTS: Final[Mapping[int, str]] = {
    1: "token não informado",
    2: "token invalido",
    3: "XML mal formado ou com erros",
    4: "Erro de processamento de XML",
    5: "API bloqueada ou sem acesso",
    6: "API Bloqueada - Excedido o número de acessos a API, aguarde alguns minutos e tente novamente",
    7: "Espaço da empresa esgotado",
    8: "Empresa bloqueada",
    9: "Números de sequência em duplicidade",
    10: "Parâmetro não informado",
    11: "API bloqueada momentaneamente - muitos acessos concorrentes",
    20: "A consulta não retornou registros",
    21: "A consulta retornou muitos registros",
    22: "O XML tem mais registros que o permitido por lote",
    23: "A página que você está tentando obter não existe",
    30: "Erro de duplicidade de registro",
    31: "Erros de validação",
    32: "Registro não localizado",
    33: "Registro localizado em duplicidade",
    34: "Nota fiscal não autorizada",
    35: "Ocorreu um erro inesperado, tente novamente mais tarde",
    99: "Sistema em manutenção",
}
NOT_PROCESSED: Final = frozenset({1, 2, 5, 6, 7, 8, 11, 35, 99})
"""Codes that come with ``status_processamento`` 1; the others come with 2."""

T = TypeVar("T")


class TinyError(Exception):
    """An answer with an error code.

    Attributes:
        code: ``codigo_erro``.
        text: What Tiny says about it.
    """

    def __init__(self, code: int, text: str | None = None) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text or TEXTS.get(code, f"Erro {code}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Wraps answers of one service.

    Attributes:
        quirks: The switches.
        key: What the call asked for: its quirks are the same at each reading.
    """

    quirks: Quirks
    key: tuple[object, ...]

    def good(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Build the ``retorno`` of a call that went well."""
        return {"status_processamento": self._number(3, "status"), "status": "OK", **content}

    def error(self, error: TinyError) -> dict[str, Any]:
        """Build the ``retorno`` of an error."""
        status = 1 if error.code in NOT_PROCESSED else 2
        answer = {
            "status_processamento": self._number(status, "status"),
            "status": "Erro",
            "codigo_erro": self._number(error.code, "code"),
        }
        errors = self._errors(error)
        return answer if errors is None else answer | {"erros": errors}

    def _number(self, value: int, which: str) -> int | str:
        return value if chance(self.quirks.numeric_status, which, self.key) else str(value)

    def _errors(self, error: TinyError) -> object:
        if error.code == THROTTLED and chance(self.quirks.throttle_object, "throttle", self.key):
            return {"erro": error.text}
        if chance(self.quirks.odd_errors, "odd", self.key):
            shapes: tuple[object, ...] = (
                {"erro": error.text},
                [{"erro": {"codigo": str(error.code), "erro": error.text}}],
                [error.text],
                None,
            )
            return random.Random(repr(self.key)).choice(shapes)
        return [{"erro": error.text}]


def encode(retorno: object, quirks: Quirks, *, as_xml: bool) -> tuple[str, bytes]:
    """Return content type and body of an answer."""
    if as_xml:
        return "text/xml", to_xml(retorno).encode()
    text = json.dumps({"retorno": retorno}, ensure_ascii=quirks.escaped_unicode)
    if quirks.latin_1:
        # What Latin-1 has no sign for is left out of it, as JSON can be.
        text = "".join(sign if sign < "\u0100" else json.dumps(sign)[1:-1] for sign in text)
        return "application/json; charset=ISO-8859-1", text.encode("latin-1")
    return "application/json", text.encode()


def page_of(
    rows: Sequence[T], number: str, limits: Limits, quirks: Quirks, dice: random.Random
) -> tuple[list[T], int]:
    """Return the rows of one page, and what the answer says is the number of pages.

    Args:
        rows: All that the search found.
        number: ``pagina`` as asked for.
        limits: Page size and greatest search.
        quirks: Rows that repeat or vanish at page borders, page counts that change.
        dice: Chance, which makes a second reading differ from the first.

    Raises:
        TinyError: 20 nothing found, 21 too much found, 23 no such page.
    """
    if not rows:
        raise TinyError(20)
    if limits.max_rows and len(rows) > limits.max_rows:
        raise TinyError(21)
    size = limits.page_size
    pages = -(-len(rows) // size)
    page = int(number) if number.isdecimal() else 0
    if not 1 <= page <= pages:
        raise TinyError(23)
    start, end = (page - 1) * size, min(page * size, len(rows))
    if page > 1 and dice.random() < quirks.page_repeats:
        start -= 1
    elif page > 1 and dice.random() < quirks.page_gaps:
        start = min(start + 1, end - 1)
    if quirks.page_count_drift:
        pages = max(page + (end < len(rows)), pages + dice.choice((-1, 0, 1)))
    return list(rows[start:end]), pages
