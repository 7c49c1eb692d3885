"""Raw lines: one answer of Tiny with its envelope, on one line of newline-delimited JSON.

The bucket is the truth: the tables can be rebuilt from these lines alone. So a line also says which search page and
which product answers the order's rows were built from.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from tiny_operators.orders.json_values import from_json
from tiny_operators.tiny.answers import Json, parse_json
from tiny_operators.tiny.encodings import UTF_8

Kind = Literal["pdv", "pesquisa", "produto"]


@dataclass(frozen=True)
class Envelope:
    """What is known of an answer besides the answer.

    Attributes:
        store: Prefix of the store.
        kind: Table that the answer feeds.
        pedido: Order that it was read for; None for a search page, which serves several.
        produto: Product that it is about; None for other kinds.
        arrived_at: When the sale reached the pipeline (ISO 8601, UTC).
        fetched_at: When the answer was read (ISO 8601, UTC).
        path: Which DAG read it: ``webhook``, ``daily``, ….
        version: Version of the code that read it.
        request: Service and parameters, without the token.
        pesquisa: For an order: object that holds the search page that lists it; None when none did.
        produtos: For an order: object of each product's answer, by product id as text.
        refresh_costs: For an order: a person asked to read again the product costs that were read before.
        unanswered: For an order: what Tiny did not answer while it answered other calls: ``pesquisa``, or the id of a
            product as text.
        unlisted_since: For an order of the inbox without a search page: since when one was looked for (ISO 8601, UTC).
        encoding: Encoding of the answer's bytes, where it is not UTF-8: ``answer`` in that encoding is what came.
        base64: The answer's bytes, where they cannot be restored in that way.
        silent_since: For an order: since when each of its products in ``unanswered`` has no answer (ISO 8601, UTC).
    """

    store: str
    kind: Kind
    pedido: int | None
    produto: int | None
    arrived_at: str | None
    fetched_at: str
    path: str
    version: str
    request: dict[str, str]
    pesquisa: str | None = None
    produtos: dict[str, str] = field(default_factory=dict)
    refresh_costs: bool = False
    unanswered: list[str] = field(default_factory=list)
    unlisted_since: str | None = None
    encoding: str = UTF_8
    base64: str | None = None
    silent_since: dict[str, str] = field(default_factory=dict)

    def line(self, answer_text: str) -> str:
        """Write the raw line.

        Args:
            answer_text: The answer as it came, valid JSON without line breaks: it is kept exactly.
        """
        about = asdict(self)
        if self.encoding == UTF_8:
            del about["encoding"]
        if self.base64 is None:
            del about["base64"]
        if not self.silent_since:
            del about["silent_since"]
        head = json.dumps(about, ensure_ascii=False, separators=(",", ":"))
        return f'{head[:-1]},"{_ANSWER}":{answer_text}}}\n'


@dataclass(frozen=True)
class RawLine:
    """A raw line that was read.

    Attributes:
        envelope: What is known of the answer.
        answer: The answer, parsed; numbers with decimals are exact.
        made: What was made of it, kept for those who need it again.
    """

    envelope: Envelope
    answer: Json
    made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def service(self) -> str:
        """Which service answered."""
        return self.envelope.request.get("service", "")

    @property
    def fetched(self) -> datetime:
        """When the answer was read."""
        return datetime.fromisoformat(self.envelope.fetched_at)


_ANSWER: Final = "answer"


def read_line(text: str) -> RawLine:
    """Read a raw line.

    Raises:
        ValueError: When it is not one.
    """
    # It holds an answer, which may be nested as deeply as any.
    content = parse_json(text, more_levels=1)
    if not isinstance(content, dict) or not isinstance(content.get(_ANSWER), dict):
        raise ValueError("a raw line is an object with an object 'answer'")  # noqa: TRY004 - bad content, not a bad call
    answer = content.pop(_ANSWER)
    try:
        return RawLine(from_json(Envelope, content), answer)
    except TypeError as error:
        raise ValueError("the envelope of a raw line lacks a field") from error
