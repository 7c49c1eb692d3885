"""The posts that the receiver stores, beside a bare Functions Framework app; ``make bench-receiver`` posts more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.receiver.__main__ import AT_LEAST, compared, others_and_lost
from benchmarks.receiver.stage import open_stage
from benchmarks.table.rows import Row

_POSTS: Final = 2_000
_CONNECTIONS: Final = 50


def receiver() -> Iterator[Row]:
    """Post to both in turns."""
    with open_stage() as stage:
        took = compared(stage, _POSTS, _CONNECTIONS)
        ours, bare = took["receiver"], took["bare"]
        yield Row(
            "posts that the receiver stores a second", ours.rate, bare.rate,
            "a bare Functions Framework app", AT_LEAST, at_least=True,
        )  # fmt: skip
        yield Row("ms of a post, median", ours.median_ms, bare.median_ms, "the bare app")
        yield Row("ms of a post, p99", ours.p99_ms, bare.p99_ms, "the bare app")
        yield Row(
            "the receiver's first answer after its start, s",
            stage.receiver.start_s,
            stage.bare.start_s,
            "the bare app",
        )
        yield Row("MB of the receiver", stage.receiver.megabytes(), stage.bare.megabytes(), "the bare app")
        yield Row(
            "posts refused, or acknowledged and not stored byte for byte", others_and_lost(ours, stage), _POSTS,
            "posts", 0.0, promised=True,
        )  # fmt: skip
