"""Tiny's API v2 behind Airflow's HTTP hook."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import requests
from airflow.providers.http.hooks.http import HttpHook

from tiny_operators._compat import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    Connection,
)
from tiny_operators.events import log_event
from tiny_operators.hooks.account import read_account
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import FATAL, RETRYABLE, Answer, Meaning, read_answer
from tiny_operators.tiny.api import (
    INFO_SERVICE,
    PDV_PEDIDO_OBTER,
    PEDIDO_OBTER,
    PEDIDOS_PESQUISA,
    PRODUTO_OBTER,
    TinyUnavailableError,
)
from tiny_operators.tiny.encodings import UTF_8, charset, decode
from tiny_operators.tiny.pacing import BACKOFF, Pace

log = logging.getLogger(__name__)

# Seconds to connect and to wait for an answer; users of the API wait 30 to 90 s.
_SENDING: Final = {"timeout": (10, 60), "allow_redirects": False, "check_response": False}
_INFO: Final = {"formato": "JSON"}
_NETWORK_ERRORS: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
# For each of the calls that show whether Tiny answers at all.
_PROBE_TRIES: Final = 3


class UnavailableError(TinyUnavailableError, AirflowException):
    """:class:`TinyUnavailableError` as an error of Airflow's own, after which it tries the task again."""


class RefusedError(TinyUnavailableError, AirflowFailException):
    """Tiny refuses one request, and no other try helps; whether it refuses all of them is asked by another call."""


class TinyHook(HttpHook):  # type: ignore[misc, unused-ignore]
    """Calls services of one Tiny account: paced, retried, and with the token in the body only.

    Connection (any type; ``tiny`` by convention): host = address of the API, such as
    ``https://api.tiny.com.br/api2/`` (``https`` is meant where no scheme is given, on this machine ``http``; ``/api2/``
    where there is no path); password = token; extra = ``requests_per_minute`` (the plan's limit, default 30; the header
    ``x-limit-api`` lowers it) and ``share`` (0 to 1, default 0.8: what is left is for the store's other systems).

    Args:
        tiny_conn_id: The connection.
        clock: Seconds, monotonic.
        sleep: Waits for seconds.

    Attributes:
        calls: How often each service was called.
        most_tries: Tries of a call that Tiny should answer at once, at most; None for the usual number. A task sets
            it when it has learnt that Tiny answers, but not about everything.
    """

    conn_name_attr = "tiny_conn_id"
    default_conn_name = "tiny_default"
    conn_type = "tiny"
    hook_name = "Tiny ERP"

    def __init__(
        self,
        tiny_conn_id: str = default_conn_name,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(method="POST", http_conn_id=tiny_conn_id)
        self.tiny_conn_id = tiny_conn_id
        self.account = read_account(self._connection())
        self.calls: Counter[str] = Counter()
        self.most_tries: int | None = None
        self._sleep = sleep
        self._pace = Pace(self.account.per_minute, self.account.share, clock, sleep)
        self._session = self.get_conn()

    def get_conn(self, *args: Any, **kwargs: Any) -> requests.Session:
        """Open a session for the account. The connection's password and extra stay out of it: they are not HTTP's."""
        session = requests.Session()
        if self.keep_alive_adapter is not None:
            session.mount("http://", self.keep_alive_adapter)
            session.mount("https://", self.keep_alive_adapter)
        return session

    def pdv_pedido_obter(self, pedido: int) -> Answer:
        """Call ``pdv.pedido.obter``: one order with items and instalments.

        Raises:
            AirflowFailException: When no further try can help (token, account, address).
            TinyUnavailableError: When Tiny did not answer properly in several tries.
        """
        return self.call(PDV_PEDIDO_OBTER, "pedido", {"id": str(pedido)})

    def pedido_obter(self, pedido: int) -> Answer:
        """Call ``pedido.obter``: the same order as the back office shows it. Raises the same."""
        return self.call(PEDIDO_OBTER, "pedido", {"id": str(pedido), "formato": "JSON"})

    def produto_obter(self, produto: int) -> Answer:
        """Call ``produto.obter``: one product as it is now. Raises the same."""
        return self.call(PRODUTO_OBTER, "produto", {"id": str(produto), "formato": "JSON"})

    def pedidos_pesquisa(self, parameters: dict[str, str], page: int = 1, sort: str = "DESC") -> Answer:
        """Get a page of ``pedidos.pesquisa``: OK, NO_ROWS, TOO_MANY_ROWS or PAST_LAST_PAGE. Raises the same."""
        return self.call(PEDIDOS_PESQUISA, "pedidos", search.page_request(parameters, page, sort))

    def info(self) -> Answer:
        """Call ``info``: the company that the token belongs to. Raises the same."""
        return self.call(INFO_SERVICE, "conta", _INFO)

    def is_up(self) -> bool:
        """Ask whether Tiny answers at all: what the account is, and if that gets no answer, for today's orders."""
        today = search.date_parameters(datetime.now(UTC).date())
        return self._answers(INFO_SERVICE, "conta", _INFO) or self._answers(
            PEDIDOS_PESQUISA, "pedidos", search.page_request(today, 1)
        )

    @property
    def allowed_per_minute(self) -> float:
        """Calls that this pipeline may make in a minute, as far as it knows by now."""
        return self._pace.allowed_per_minute

    def call(self, service: str, expects: str, parameters: dict[str, str]) -> Answer:
        """Call a service until it answers properly, within bounds.

        Args:
            service: Name of the service, such as ``pedidos.pesquisa``.
            expects: Key under ``retorno`` that a successful answer has.
            parameters: The service's parameters, without the token.

        Returns:
            An answer that is neither retryable nor fatal.

        Raises:
            AirflowFailException: When no further try can help (token, account, address).
            TinyUnavailableError: When Tiny did not answer properly in several tries, or refused this request.
        """
        failures: Counter[Meaning] = Counter()
        while True:
            answer = self._try(service, expects, parameters)
            if answer.meaning in FATAL:
                failure = RefusedError if answer.meaning is Meaning.REQUEST_REFUSED else AirflowFailException
                raise failure(
                    f"Tiny refused {service}: {answer.reason} (code {answer.code}, connection {self.tiny_conn_id!r})"
                )
            if answer.meaning not in RETRYABLE:
                return answer
            failures[answer.meaning] += 1
            backoff, tries = BACKOFF[answer.meaning], self._tries(answer.meaning)
            if failures[answer.meaning] >= tries:
                raise UnavailableError(
                    f"Tiny did not answer {service} in {tries} tries: {answer.reason} (code {answer.code})"
                )
            seconds = backoff.seconds(failures[answer.meaning])
            log_event(
                log,
                "tiny_retry",
                service=service,
                reason=answer.reason,
                code=answer.code,
                failures=failures[answer.meaning],
                seconds=seconds,
            )
            self._sleep(seconds)

    def _tries(self, meaning: Meaning) -> int:
        usual = BACKOFF[meaning].tries
        return min(usual, self.most_tries or usual) if meaning is Meaning.TRY_AGAIN else usual

    def _answers(self, service: str, expects: str, parameters: dict[str, str]) -> bool:
        """Return whether a service gives an answer that needs no other try; that of an account refused is one too."""
        for failures in range(1, _PROBE_TRIES + 1):
            answer = self._try(service, expects, parameters)
            if answer.meaning not in RETRYABLE:
                return answer.meaning is not Meaning.REQUEST_REFUSED
            self._sleep(BACKOFF[answer.meaning].seconds(failures))
        return False

    def _try(self, service: str, expects: str, parameters: dict[str, str]) -> Answer:
        self._pace.wait()
        self.calls[service] += 1
        request = requests.Request(
            "POST",
            f"{self.account.base_url}{service}.php",
            data={**parameters, "token": self.account.token},
        )
        try:
            response: requests.Response = self.run_and_check(
                self._session, self._session.prepare_request(request), _SENDING
            )
        except _NETWORK_ERRORS as error:
            return Answer(Meaning.TRY_AGAIN, None, type(error).__name__, "", {})
        self._pace.learn(response.headers.get("x-limit-api"))
        body = decode(response.content, charset(response.headers.get("content-type")))
        if body.encoding != UTF_8:
            log_event(
                log, "answer_not_utf_8", service=service, encoding=body.encoding, exact=body.base64 is None
            )
        answer = read_answer(response.status_code, body.text, expects)
        return replace(answer, encoding=body.encoding, base64=body.base64)

    def _connection(self) -> Connection:
        try:
            return self.get_connection(self.tiny_conn_id)
        except AirflowNotFoundException as error:
            raise AirflowFailException(
                f"Connection {self.tiny_conn_id!r} is missing. Set it, for example: airflow connections add "
                f"{self.tiny_conn_id} --conn-type tiny --conn-host https://api.tiny.com.br/api2/ "
                '--conn-password TOKEN --conn-extra \'{"requests_per_minute": 60, "share": 0.8}\''
            ) from error
