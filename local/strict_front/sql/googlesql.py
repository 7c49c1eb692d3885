"""GoogleSQL's own parser and analyzer, kept warm: Google's library, which runs as WebAssembly in this process."""

from __future__ import annotations

import ctypes
import os
import re
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from local.strict_front.sql import features

_VERSION_IN_NAME: Final = re.compile(r"^FEATURE_(?:V_\d_\d_)?")


class SqlError(Exception):
    """A statement is not valid.

    Attributes:
        message: What is wrong, as GoogleSQL says it.
        missing: Whether it is a table that is not there.
    """

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.missing = missing


class GoogleSQL:
    """The language as BigQuery has it.

    Attributes:
        options: The language's options, a message of the library's own protocol.
    """

    def __init__(self) -> None:
        keep_compiled()
        from zetasql.core.local_service import ZetaSqlLocalService
        from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2

        take_deep_trees()
        self._service = ZetaSqlLocalService
        self._client = self._service().wasm_client
        self._messages = local_service_pb2
        # The WebAssembly instance has one memory and is not made for several threads.
        self._lock = threading.Lock()
        self.options = bigquery_options()

    def parse(self, script: str) -> Any:
        """Parse a script into its syntax tree.

        Raises:
            SqlError: Its syntax is wrong.
        """
        request = self._messages.ParseRequest(sql_statement=script, options=self.options, allow_script=True)
        return self._call("Parse", request, self._messages.ParseResponse).parsed_script

    def table_names(self, statement: str) -> list[tuple[str, ...]]:
        """Return the names of the tables that a statement reads or writes, in the parts that are in the statement."""
        request = self._messages.ExtractTableNamesFromStatementRequest(
            sql_statement=statement, options=self.options
        )
        answer = self._call(
            "ExtractTableNamesFromStatement", request, self._messages.ExtractTableNamesFromStatementResponse
        )
        return list(dict.fromkeys(tuple(name.table_name_segment) for name in answer.table_name))

    def analyze(self, statement: str, catalog: Any, options: Any) -> Any:
        """Analyze what a statement means: a tree whose names are resolved.

        Args:
            statement: One statement.
            catalog: Tables and variables that it may name.
            options: Options of the analyzer.

        Raises:
            SqlError: It means nothing.
        """
        request = self._messages.AnalyzeRequest(
            sql_statement=statement, simple_catalog=catalog, options=options
        )
        return self._call("Analyze", request, self._messages.AnalyzeResponse).resolved_statement

    def _call(self, name: str, request: Any, answer: Any) -> Any:
        from wasmtime import Trap
        from zetasql.core.exceptions import ServerError

        with self._lock:
            try:
                return answer.FromString(self._run(name, request.SerializeToString()))
            except ServerError as error:
                # The library cuts its error at the first line feed.
                text = re.sub(r"^Code: \d+, Message: ", "", error.raw_error)
                raise SqlError(text, missing="Table not found" in text) from None
            except Trap:
                # Hundreds of terms of one sum are too deep for its stack, as for BigQuery's planning. What it left
                # there is never taken away, so there is a new instance.
                self._client = self._service().wasm_client
                raise SqlError("The query is too complex") from None

    def _run(self, name: str, request: bytes) -> bytes:
        """Call a function of the instance; the library's own way copies each byte by itself, and takes seconds."""
        from zetasql.core.exceptions import ServerError

        client = self._client
        place, size_place = client.allocate_bytes(len(request)), client.allocate_bytes(4)
        try:
            ctypes.memmove(self._address(place), request, len(request))
            function = client.exports[f"ZetaSqlLocalService_{name}"]
            answer = function(client.store, place, len(request), size_place)
            if not answer:
                raise ServerError.from_error_string(client.get_last_error())
            size = int.from_bytes(ctypes.string_at(self._address(size_place), 4), "little")
            content = ctypes.string_at(self._address(answer), size)
            client.free_bytes(answer)
            return content
        finally:
            client.free_bytes(place)
            client.free_bytes(size_place)

    def _address(self, place: int) -> int:
        """Return the address in this process of a place in the instance's memory, which moves when it grows."""
        start = ctypes.cast(self._client.memory.data_ptr(), ctypes.c_void_p).value
        assert start
        return start + place


@cache
def language() -> GoogleSQL:
    """Return the one instance of this process; creating it takes seconds."""
    return GoogleSQL()


def bigquery_options() -> Any:
    """Return the options of the language as BigQuery has it."""
    from zetasql.wasi._pb2.zetasql.proto import options_pb2 as messages
    from zetasql.wasi._pb2.zetasql.public import options_pb2
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2

    numbers = {_VERSION_IN_NAME.sub("", name): number for name, number in options_pb2.LanguageFeature.items()}
    options = messages.LanguageOptionsProto()
    options.enabled_language_features.extend(sorted(numbers[name] for name in features.FEATURES))
    kinds = resolved_node_kind_pb2.ResolvedNodeKind
    options.supported_statement_kinds.extend(
        kinds.Value(f"RESOLVED_{name}_STMT") for name in features.STATEMENTS
    )
    options.product_mode = options_pb2.PRODUCT_EXTERNAL
    options.reserved_keywords.extend(features.RESERVED)
    return options


def take_deep_trees() -> None:
    """Let messages be nested as deep as the library makes them: by default a sum of a few dozen terms is too deep."""
    from google._upb import _message

    _message.SetAllowOversizeProtos(True)  # noqa: FBT003  # it takes no name


def keep_compiled() -> None:
    """Keep the compiled library beside it for the next time: compiling takes half a minute."""
    from wasmtime import Module

    compile_file = Module.from_file
    if getattr(compile_file, "keeps", False):
        return

    def load(engine: Any, path: str) -> Any:
        kept = Path(path).with_suffix(".compiled")
        if not kept.exists():
            # Two programs may be at it at once.
            part = kept.with_suffix(f".{os.getpid()}")
            part.write_bytes(compile_file(engine, path).serialize())
            part.replace(kept)
        return Module.deserialize_file(engine, str(kept))

    setattr(load, "keeps", True)  # noqa: B010  # mypy knows no attribute of a function
    Module.from_file = load


def nodes(tree: Any) -> Iterator[Any]:
    """Yield a tree's own messages, in the order of the text, itself first; a tree may be deeper than calls can be."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        inner: list[Any] = []
        for field, value in node.ListFields():
            if field.type == field.TYPE_MESSAGE:
                inner += value if field.is_repeated else (value,)
        left += reversed(inner)


def kind(node: Any) -> Any:
    """Return the message in a choice of kinds, however deep."""
    while node.DESCRIPTOR.oneofs and (name := node.WhichOneof(node.DESCRIPTOR.oneofs[0].name)):
        node = getattr(node, name)
    return node


def base(node: Any, name: str) -> Any:
    """Return the message that a node's kind is built on, by its name."""
    node = kind(node)
    while node.DESCRIPTOR.name != name:
        node = node.parent
    return node


def place(node: Any) -> tuple[int, int]:
    """Return where a node of a syntax tree begins and ends, in bytes."""
    found = base(node, "ASTNodeProto").parse_location_range
    return found.start, found.end


def text(node: Any, script: bytes) -> str:
    """Return what a node of a syntax tree is in its script."""
    start, end = place(node)
    return script[start:end].decode()
