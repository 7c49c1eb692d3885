"""Airflow's own REST API, as tasks of Airflow 3 need it: they may not touch the metadata database.

On Composer the web server takes Google's access tokens: the environment's account asks with its own
(https://cloud.google.com/composer/docs/composer-3/access-airflow-api). Where the connection ``airflow_api`` is set,
its login and password are exchanged for a token, as in the local stack.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, conf

if TYPE_CHECKING:
    from requests import Response, Session

AIRFLOW_API_CONNECTION: Final = "airflow_api"
_SECONDS: Final = 30
_SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class AirflowApiError(RuntimeError):
    """Airflow's API cannot be asked; the message says why, and what to do."""


class AirflowApi:
    """Asks Airflow's API, version 2.

    Args:
        session: Sends requests that Airflow lets in.
        address: Where Airflow's web server is.
    """

    def __init__(self, session: Session, address: str) -> None:
        self._session = session
        self._address = address.rstrip("/")

    @classmethod
    def connect(cls) -> AirflowApi:
        """Connect by the connection ``airflow_api``, or else by Google's sign-in.

        Raises:
            AirflowApiError: When neither is possible.
        """
        try:
            connection = BaseHook.get_connection(AIRFLOW_API_CONNECTION)
        except AirflowNotFoundException:
            return cls._by_google()
        return cls._by_login(connection)

    @classmethod
    def _by_login(cls, connection: Any) -> AirflowApi:
        import requests

        host = str(connection.host).rstrip("/")
        address = host if "://" in host else f"{connection.schema or 'http'}://{host}"
        api = cls(requests.Session(), f"{address}:{connection.port}" if connection.port else address)
        answer = api._ask(
            "POST", "/auth/token", json={"username": connection.login, "password": connection.password}
        )
        if not answer.ok:
            raise AirflowApiError(
                f"Airflow's API gives no token (HTTP {answer.status_code}): check host, login and password of the "
                f"connection {AIRFLOW_API_CONNECTION!r}"
            )
        api._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return api

    @classmethod
    def _by_google(cls) -> AirflowApi:
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError
        from google.auth.transport.requests import AuthorizedSession

        address = str(
            conf.get("api", "base_url", fallback="") or conf.get("webserver", "base_url", fallback="") or ""
        )
        parts = urlsplit(address)
        # The token can do more than it is used for: it goes to Airflow itself alone, and never unencrypted.
        if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
            raise AirflowApiError(
                f"The address of Airflow's API is not known: [api] base_url is {address!r}; it must begin with "
                f"https. Set it, or the connection {AIRFLOW_API_CONNECTION!r} (host, login, password)"
            )
        try:
            credentials, _ = google.auth.default(scopes=_SCOPES)
        except DefaultCredentialsError as error:
            raise AirflowApiError(
                f"No Google credentials for Airflow's API: set the connection {AIRFLOW_API_CONNECTION!r} (host, login, "
                "password)"
            ) from error
        # Google's library does not declare its argument types.
        signed_in: Any = AuthorizedSession
        return cls(signed_in(credentials), address)

    def get(self, path: str, **parameters: Any) -> dict[str, Any] | None:
        """Read what is at a path of ``/api/v2``; None when nothing is.

        Raises:
            AirflowApiError: When Airflow does not answer, or refuses.
        """
        answer = self._ask("GET", f"/api/v2/{path}", params=parameters)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return self._content(answer)

    def post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Add something.

        Raises:
            AirflowApiError: When Airflow does not answer, or refuses.
        """
        return self._content(self._ask("POST", f"/api/v2/{path}", json=content))

    def patch(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Change something.

        Raises:
            AirflowApiError: When Airflow does not answer, or refuses.
        """
        return self._content(self._ask("PATCH", f"/api/v2/{path}", json=content))

    def _ask(self, method: str, path: str, **arguments: Any) -> Response:
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        try:
            # A sign-in page is no answer: a redirect is not followed.
            return self._session.request(
                method, self._address + quote(path), timeout=_SECONDS, allow_redirects=False, **arguments
            )
        except (RequestException, GoogleAuthError) as error:
            raise AirflowApiError(
                f"Airflow's API at {self._address} does not answer ({type(error).__name__})"
            ) from error

    def _content(self, answer: Response) -> dict[str, Any]:
        try:
            if answer.ok and not answer.is_redirect:
                return dict(answer.json())
        except ValueError:
            pass
        raise AirflowApiError(
            f"Airflow's API at {self._address} refuses (HTTP {answer.status_code}): give Airflow's service account "
            "roles/composer.user on the project, and the Airflow role Op"
        )
