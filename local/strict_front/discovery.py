"""Google's own descriptions of its APIs, as they come with Google's client: what requests there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import googleapiclient

from local.strict_front.refusal import Refusal
from local.strict_front.selections import problem_of_fields
from local.strict_front.values import problem_of_body, problem_of_parameter

DOCUMENTS: Final = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
SERVICES: Final = {"storage": "storage.v1.json", "bigquery": "bigquery.v2.json"}

# Parameters that Google's services take everywhere, also where a document does not list them.
_SYSTEM: Final = frozenset({"$.xgafv", "$alt", "$prettyPrint", "access_token", "callback", "prettyPrint"})
_UPLOAD: Final = frozenset({"uploadType", "upload_id", "upload_protocol"})

_SENT_BY_GOOGLES_CLIENTS: Final = {"bigquery.jobs.get": frozenset({"projection"})}
"""What no document knows, but Google's own client for Python has sent for years."""


@dataclass(frozen=True)
class Method:
    """One method of an API.

    Attributes:
        id: Its name, as `storage.objects.insert`.
        verb: HTTP method.
        pattern: Of the whole path.
        names: Of the parameters in the path, in their order.
        query: Its parameters outside the path, by name.
        schema: Name of the body's schema, or an empty text.
        answer: Name of the answer's schema, or an empty text.
        service: "storage" or "bigquery".
        is_upload: Whether the path is that of uploads.
    """

    id: str
    verb: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    query: Mapping[str, Mapping[str, Any]]
    schema: str
    service: str
    answer: str = ""
    is_upload: bool = False


@dataclass(frozen=True)
class Api:
    """One API: its methods, and the schemas of the bodies.

    Attributes:
        service: "storage" or "bigquery".
        methods: All methods, also under the paths of uploads and downloads.
        schemas: By name.
        common: Parameters that every method takes.
        source: Address of Google's documentation.
    """

    service: str
    methods: tuple[Method, ...]
    schemas: Mapping[str, Any]
    common: Mapping[str, Mapping[str, Any]]
    source: str
    _by_verb: dict[str, list[Method]] = field(default_factory=dict)

    def find(self, verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """Find the method of a request, with the parameters from its path.

        Args:
            verb: HTTP method.
            path: The path as it came, with its percent signs.
        """
        if not self._by_verb:
            for method in self.methods:
                self._by_verb.setdefault(method.verb, []).append(method)
        for method in self._by_verb.get(verb, []):
            if match := method.pattern.fullmatch(path):
                values = (unquote(value) for value in match.groups())
                return method, dict(zip(method.names, values, strict=True))
        return None

    def check(self, method: Method, query: list[tuple[str, str]], body: Any) -> Refusal | None:
        """Hold a request's parameters and body against the description."""
        problem = self._problem_of_query(method, query)
        if problem is None and body is not None:
            problem = self._problem_of_body(method, body)
        if problem is None:
            return None
        return Refusal(400, "invalid", problem, "fits the description of the API", self.source)

    def _problem_of_query(self, method: Method, query: list[tuple[str, str]]) -> str | None:
        also = _SENT_BY_GOOGLES_CLIENTS.get(method.id, frozenset())
        known = {**self.common, **method.query}
        seen = set()
        for name, value in query:
            described = known.get(name)
            if described is None:
                if name in _SYSTEM | _UPLOAD | also:
                    continue
                return f'Unknown name "{name}": {method.id} has no such parameter'
            if name in seen and not described.get("repeated"):
                return f"The parameter {name} of {method.id} is given twice"
            seen.add(name)
            problem = problem_of_parameter(name, value, described)
            if name == "fields" and value and method.answer:
                problem = problem_of_fields(value, {"$ref": method.answer}, self.schemas)
            if problem:
                return problem
        missing = [name for name, given in method.query.items() if given.get("required") and name not in seen]
        return f"Required parameter: {missing[0]}" if missing else None

    def _problem_of_body(self, method: Method, body: Any) -> str | None:
        if not method.schema:
            return None if body == {} else f"{method.id} takes no body"
        return problem_of_body(body, {"$ref": method.schema}, self.schemas, "")


def load(service: str) -> Api:
    """Read the description of a service's API."""
    document = json.loads((DOCUMENTS / SERVICES[service]).read_text())
    return Api(
        service=service,
        methods=tuple(_methods(document, service, document["basePath"])),
        schemas=document["schemas"],
        common=document["parameters"],
        source=document["documentationLink"],
    )


def _methods(resource: Mapping[str, Any], service: str, base: str) -> Iterator[Method]:
    for method in resource.get("methods", {}).values():
        yield _method(method, service, base + method["path"])
        for protocol in method.get("mediaUpload", {}).get("protocols", {}).values():
            yield _method(method, service, protocol["path"], is_upload=True)
            if method["httpMethod"] == "POST":
                # The chunks of a resumable upload are PUT to the session's address.
                yield _method(method, service, protocol["path"], verb="PUT", is_upload=True)
        if method.get("useMediaDownloadService"):
            yield _method(method, service, "/download" + base + method["path"])
    for child in resource.get("resources", {}).values():
        yield from _methods(child, service, base)


def _method(
    method: Mapping[str, Any], service: str, path: str, *, verb: str = "", is_upload: bool = False
) -> Method:
    described = method.get("parameters", {})
    names = tuple(re.findall(r"\{\+?(\w+)\}", path))
    parts = re.split(r"\{\+?\w+\}", path)
    groups = [_group(described[name]) for name in names]
    pattern = re.escape(parts[0]) + "".join(
        f"({group}){re.escape(rest)}" for group, rest in zip(groups, parts[1:], strict=True)
    )
    return Method(
        id=method["id"],
        verb=verb or method["httpMethod"],
        pattern=re.compile(pattern),
        names=names,
        query={name: value for name, value in described.items() if value["location"] == "query"},
        schema=method.get("request", {}).get("$ref", ""),
        service=service,
        answer=method.get("response", {}).get("$ref", ""),
        is_upload=is_upload,
    )


def _group(described: Mapping[str, Any]) -> str:
    """Return what stands for a path's parameter: one segment, or the whole name of a resource."""
    pattern = described.get("pattern", "^[^/]+$").removeprefix("^").removesuffix("$")
    return str(pattern).replace("[^/]+", "[^/:]+") if "/" in pattern.replace("[^/]+", "") else "[^/]+"
