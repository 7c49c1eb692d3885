"""The front as an HTTP server: reads a request, has it judged, and writes the answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import parse_qsl

from aiohttp import StreamReader, web

from local.strict_front import answers
from local.strict_front.call import Call, UnreadableError, read_body, read_parts
from local.strict_front.delays import Delays
from local.strict_front.discovery import Api, Method
from local.strict_front.emulator import Answer, Emulator, UnreachableError
from local.strict_front.gate import Gate
from local.strict_front.passing import Passing, Reply
from local.strict_front.record import Record
from local.strict_front.refusal import Refusal

HEALTH: Final = "/_front/health"
RIGHTS: Final = "/_front/rights"
REQUESTS: Final = "/_front/requests"
DELAYS: Final = "/_front/delays"
_LOG: Final = logging.getLogger("strict_front")
_LISTS: Final = (".list", ".getQueryResults")
_MEDIA: Final = frozenset({"media", "chunk"})
_UPLOADS: Final = frozenset({"media", "multipart", "resumable", "chunk"})
_UPLOAD_SOURCE: Final = "https://cloud.google.com/storage/docs/uploads-downloads"
_BATCH_SOURCE: Final = "https://cloud.google.com/storage/docs/batch"


class Service(Protocol):
    """A service with its rules."""

    emulator: Emulator

    async def answer(self, call: Call, passing: Passing) -> Reply:
        """Answer a request that has the form that the API asks for."""


@dataclass(frozen=True)
class Front:
    """One service at one address, for one account.

    Attributes:
        account: Who calls here.
        api: What the service's requests look like.
        service: The service with its rules.
        tokens: Signs the tokens of pages.
        gate: Knows what the account may do.
        delays: How long the services take.
        record: The requests that came.
    """

    account: str
    api: Api
    service: Service
    tokens: answers.PageTokens
    gate: Gate
    delays: Delays
    record: Record

    def app(self) -> web.Application:
        """Make the server."""
        app = web.Application(client_max_size=0)
        # A path may hold any sign, line feeds as well.
        app.router.add_route("*", "/{path:(?s:.*)}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if request.path == HEALTH:
            return web.json_response({"status": "ok", "account": self.account, "service": self.api.service})
        if request.path == RIGHTS:
            return web.json_response(self.gate.rights.reported(self.account))
        if request.path in {REQUESTS, DELAYS}:
            return await self._own(request)
        try:
            reply = await self._reply(request)
        except UnreadableError as error:
            reply = Refusal(400, "parseError", str(error), "a body that can be read", self.api.source)
        except UnreachableError:
            _LOG.exception("event=emulator_unreachable service=%s", self.api.service)
            message = "The emulator behind the strict front gives no answer"
            reply = Refusal(503, "backendError", message, "", "")
        return self._written(request, reply)

    async def _own(self, request: web.Request) -> web.Response:
        """Answer about the front itself: its record can be forgotten, its delays be switched on and off."""
        if request.path == DELAYS and request.method == "PUT":
            self.delays.on = bool((await request.json())["on"])
        if request.path == DELAYS:
            return web.json_response({"on": self.delays.on})
        if request.method == "DELETE":
            self.record.forget()
        return web.json_response({"requests": self.record.reported()})

    async def _reply(self, request: web.Request) -> Reply:
        began = time.time()
        path = request.rel_url.raw_path
        found = self.api.find(request.method, path)
        if found is None:
            return self._unknown(request)
        method, names = found
        query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
        call, content = await self._read(request, method, names, dict(query))
        await self.delays.before(call)
        passing = Passing(request, self.service.emulator, query, content)
        reply = await self._judged(call, passing, _scope(call, path))
        reply = await self.delays.after(call, reply, passing.statements)
        span = (began, time.time())
        self.record.add(call, passing, reply.status, span, self.delays.runs_on(call, reply))
        return reply

    async def _judged(self, call: Call, passing: Passing, scope: str) -> Reply:
        method = call.method
        if method.is_upload and call.upload_type not in _UPLOADS:
            message = "Upload requests need uploadType media, multipart or resumable"
            return Refusal(400, "badRequest", message, "kind of an upload", _UPLOAD_SOURCE)
        if call.upload_type != "chunk" and (refusal := self.api.check(method, passing.query, call.body)):
            return refusal
        if token := call.query.get("pageToken"):
            opened = self.tokens.open(scope, token)
            if opened is None:
                return Refusal(400, "invalid", "Invalid value for pageToken", "page tokens", self.api.source)
            passing.query = [
                (name, opened if name == "pageToken" else value) for name, value in passing.query
            ]
        if refusal := await self.gate.check(call):
            return refusal
        if method.id == "bigquery.datasets.insert":
            passing.content = json.dumps(self.gate.with_access(call)).encode()
        return self._signed(call, scope, _as_described(method, await self._answer(call, passing)))

    async def _answer(self, call: Call, passing: Passing) -> Reply:
        if call.method.id.endswith(".testIamPermissions"):
            asked = [text for name, text in passing.query if name == "permissions"]
            return await self.gate.granted(call, asked)
        return await self.service.answer(call, passing)

    async def _read(
        self, request: web.Request, method: Method, names: Mapping[str, str], query: Mapping[str, str]
    ) -> tuple[Call, bytes | StreamReader]:
        """Read what the rules look at; the content of an object is passed on as it comes."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(self.account, method, names, query, headers)
        if call.upload_type in _MEDIA:
            return call, request.content
        content = await request.read()
        if call.upload_type == "multipart":
            body, data = read_parts(headers, content)
            return Call(self.account, method, names, query, headers, body, data), content
        return Call(self.account, method, names, query, headers, read_body(headers, content)), content

    def _signed(self, call: Call, scope: str, reply: Reply) -> Reply:
        if not isinstance(reply, Answer) or not reply.is_good:
            return reply
        if call.method.id == "bigquery.jobs.query":
            reference = (reply.value or {}).get("jobReference") or {}
            scope = f"results of {reference.get('jobId')}"
        elif not call.method.id.endswith(_LISTS):
            return reply
        return Answer(reply.status, reply.headers, self.tokens.sign(scope, reply.content))

    def _unknown(self, request: web.Request) -> Refusal:
        if request.path.startswith("/batch"):
            message = "The strict front does not look into batches: send the requests one by one"
            return Refusal(501, "notImplemented", message, "batches", _BATCH_SOURCE)
        message = f"Not Found: {self.api.service} has no {request.method} at such an address"
        return Refusal(404, "notFound", message, "addresses of the API", self.api.source)

    def _written(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        if isinstance(reply, Refusal):
            _LOG.info(
                "event=refused service=%s account=%s method=%s status=%d reason=%s rule=%r",
                *(self.api.service, self.account, request.method, reply.status, reply.reason, reply.rule),
            )
            if reply.status == HTTPStatus.NOT_MODIFIED:
                return web.Response(status=reply.status)
            return web.Response(
                status=reply.status, body=answers.error(reply), content_type="application/json"
            )
        if isinstance(reply, Answer):
            here = f"{request.scheme}://{request.host}"
            there = self.service.emulator.url
            headers = {name: value.replace(there, here) for name, value in reply.headers.items()}
            content = reply.content.replace(there.encode(), here.encode())
            return web.Response(status=reply.status, headers=headers, body=content)
        return reply


def _as_described(method: Method, reply: Reply) -> Reply:
    """Answer a deletion, of which the description says that nothing comes back, with that status: 204."""
    if method.verb != "DELETE" or method.answer or not isinstance(reply, Answer) or not reply.is_good:
        return reply
    return Answer(HTTPStatus.NO_CONTENT, {}, b"")


def _scope(call: Call, path: str) -> str:
    """Return what a page token is good for."""
    if call.method.id == "bigquery.jobs.getQueryResults":
        return f"results of {call.names['jobId']}"
    return path
