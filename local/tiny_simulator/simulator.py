"""The simulator's state, and the way of one call through it; knows HTTP only as bytes and numbers."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from local.tiny_simulator.answers import Envelope, TinyError, encode
from local.tiny_simulator.calls import Calls
from local.tiny_simulator.faults import Faults, code_of
from local.tiny_simulator.limits import Gate
from local.tiny_simulator.people import CNPJ
from local.tiny_simulator.services import SERVICES, Call
from local.tiny_simulator.settings import Settings
from local.tiny_simulator.shop import Shop

HTML: Final = "text/html"
_PAGE: Final = (
    "<html>\n<head><title>{0}</title></head>\n<body><center><h1>{0}</h1></center></body>\n</html>\n"
)
_PAGES: Final = {
    "html_401": (401, "401 Authorization Required"),
    "html_403": (403, "Just a moment..."),
    "html_502": (502, "502 Bad Gateway"),
    "html_503": (503, "503 Service Unavailable"),
}
OK: Final = 200
RECORDED: Final = frozenset({
    *("id", "numero", "pagina", "sort", "formato"),
    *("situacao", "idVendedor", "dataInicial", "dataFinal", "dataAtualizacao"),
})
"""Parameters that are no secret and no personal data."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP.

    Attributes:
        status: HTTP status.
        content_type: Without character set, which is always UTF-8.
        body: Bytes.
        code: ``codigo_erro``; 0 for a good answer and for what is not Tiny's JSON or XML.
    """

    status: int
    content_type: str
    body: bytes
    code: int = 0


@dataclass(slots=True)
class Simulator:
    """One account with its shop, switches and records. Not safe for several threads at once.

    Attributes:
        shop: Orders and goods.
        token: The account's token.
        settings: The switches; replaced as a whole.
        seed: Chance of faults and paging quirks follows from it.
        clock: Monotonic seconds.
        webhook_address: The receiver that was entered in the panel.
    """

    shop: Shop
    token: str
    settings: Settings = field(default_factory=Settings)
    seed: int = 316
    clock: Callable[[], float] = time.monotonic
    webhook_address: str = ""
    calls: Calls = field(default_factory=Calls)
    gate: Gate = field(init=False)
    faults: Faults = field(init=False)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Give each kind of chance its own dice."""
        self.gate = Gate(self.clock)
        self.faults = Faults(random.Random(f"{self.seed}/faults"))
        self.dice = random.Random(f"{self.seed}/pages")

    def admit(self, params: Mapping[str, str]) -> TinyError | None:
        """Check the token and the account; an error when the call goes no further."""
        if not params.get("token"):
            return TinyError(1)
        if params["token"] not in {self.token, *self.settings.accounts}:
            return TinyError(2)
        if self.settings.limits.account_code:
            return TinyError(self.settings.limits.account_code)
        return None

    def answer(
        self, service: str, params: Mapping[str, str], refused: TinyError | None, fault: str | None
    ) -> Answer:
        """Answer a call.

        Args:
            service: Name without ``.php``; one of ``SERVICES``.
            params: Parameters of query and body together.
            refused: Why it goes no further, if so.
            fault: Kind of fault that meets it, if any; ``reset`` and ``slow`` are the server's business.
        """
        if fault in _PAGES:
            return page(*_PAGES[fault])
        if fault == "empty":
            return Answer(OK, "application/json", b"")
        scripted = code_of(fault or "")
        refused = refused or (TinyError(scripted) if scripted is not None else None)
        answer = self._business(service, params, refused)
        if fault == "truncated":
            return Answer(
                answer.status, answer.content_type, answer.body[: len(answer.body) // 2], answer.code
            )
        return answer

    def _business(self, service: str, params: Mapping[str, str], refused: TinyError | None) -> Answer:
        quirks = self.settings.quirks
        envelope = Envelope(quirks, (service, asked_for(params)))
        as_xml = (
            quirks.xml_without_formato
            and not service.startswith("pdv.")
            and params.get("formato", "").upper() != "JSON"
        )
        code, status = 0, OK
        try:
            if refused:
                raise refused
            cnpj = self.settings.accounts.get(params.get("token", ""), CNPJ)
            call = Call(self.shop, self.settings, params, self.dice, cnpj)
            retorno = envelope.good(SERVICES[service](call))
        except TinyError as error:
            code = error.code
            retorno = envelope.error(error)
            status = self.settings.limits.status if code in {6, 11} else OK
        content_type, body = encode(retorno, quirks, as_xml=as_xml)
        return Answer(status, content_type, body, code)


def asked_for(params: Mapping[str, str]) -> str:
    """Return the parameter that identifies a call of a service in records: id, number or page; no personal data."""
    names = ("id", "numero", "pagina")
    text = next((params[name] for name in names if params.get(name)), "")
    return "".join(c for c in text if c.isdecimal())[:20]


def harmless(params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that may be recorded."""
    return {name: value for name, value in params.items() if name in RECORDED}


def page(status: int, title: str) -> Answer:
    """Write an HTML page of the server in front of Tiny."""
    return Answer(status, HTML, _PAGE.format(title).encode())
