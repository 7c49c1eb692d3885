"""Files moved as ``archive`` and ``put_back`` move them, beside a plain client, 32 at once."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.alone import context_of
from benchmarks.front import TIMES, Front
from benchmarks.table.rows import Row
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import map_in_threads

if TYPE_CHECKING:
    from tiny_operators.stores import Store

_FILES: Final = 1_000
_LIMIT: Final = 32
# A day on which no sale was rejected.
_DAY: Final = "2020-02-29"


def moves() -> Iterator[Row]:
    """Measure both directions."""
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    mover = _Mover(store, GCSHook().get_conn(), Front(os.environ["STORAGE_EMULATOR_HOST"]))
    for what, plain, ours in (
        ("archived", mover.archived_plainly, mover.archived),
        ("put back", mover.put_back_plainly, mover.put_back),
    ):
        for mover.delayed in (False, True):
            limit, rate = _FILES / plain(), _FILES / ours()
            yield Row(
                f"{_FILES:,} files {what} {TIMES[mover.delayed]}, files a second", rate, limit,
                f"a plain client, {_LIMIT} at once", 0.7 if mover.delayed else None, at_least=True,
                promised=mover.delayed,
            )  # fmt: skip


@dataclass
class _Mover:
    """Moves files between the buckets of a store, with Google's times or without."""

    store: Store
    client: Any
    front: Front
    delayed: bool = False

    def __post_init__(self) -> None:
        self.inbox = Objects(self.client, self.store.webhook_bucket)
        self.api = Objects(self.client, self.store.api_bucket)

    def archived(self) -> float:
        """Move files out of the inbox as the step does; return the seconds."""
        files = self._waiting()
        return self._timed(
            lambda: list(
                map_in_threads(lambda one: self.inbox.move(*one, self.api, f"bench/{one[0]}"), files)
            )
        )

    def archived_plainly(self) -> float:
        """Copy and delete."""
        files = self._waiting()

        def move(one: tuple[str, int]) -> None:
            _copied(self.inbox, one[0], self.api, f"bench/{one[0]}").delete()

        return self._timed(lambda: _plainly(move, files))

    def put_back(self) -> float:
        """Put rejected files back by the operator, which finds them by their day."""
        from tiny_operators.operators.put_back import PutBackOperator

        self._rejected()
        operator = PutBackOperator(task_id="put_back", store=self.store)
        params = {"from_date": _DAY, "to_date": _DAY, "field": None, "order": None}
        context = context_of(f"manual__{uuid.uuid4()}", params, operator.retries)
        seconds = self._timed(lambda: operator.execute(context))
        self._clear_inbox()
        return seconds

    def put_back_plainly(self) -> float:
        """List, read each reason, copy the file, delete it and its reason."""
        self._rejected()

        def move(name: str) -> None:
            reason = self.api._bucket.blob(names.reason_object(name))
            file = json.loads(reason.download_as_bytes())["file"]
            _copied(self.api, name, self.inbox, file).delete()
            reason.delete()

        def move_all() -> None:
            found = [blob.name for blob in self.api.list(names.rejected_prefix(_DAY))]
            _plainly(move, [name for name in found if not names.is_reason_object(name)])

        seconds = self._timed(move_all)
        self._clear_inbox()
        return seconds

    def _timed(self, do: Callable[[], object]) -> float:
        with self.front.delays(self.delayed):
            began = time.monotonic()
            do()
            return time.monotonic() - began

    def _waiting(self) -> list[tuple[str, int]]:
        key = f"bench/{uuid.uuid4().hex}"
        _plainly(lambda number: self.inbox.create(f"{key}/{number}.json", "x"), range(_FILES))
        return [(str(blob.name), int(blob.generation)) for blob in self.inbox.list(key)]

    def _rejected(self) -> None:
        def reject(number: int) -> None:
            file = f"bench-{number}.json"
            target = names.rejected_object(file, 1, _DAY)
            self.api.create_json(
                names.reason_object(target), {"file": file, "pedido": number, "field": "cnpj"}
            )
            self.api.create(target, "x")

        _plainly(reject, range(_FILES))

    def _clear_inbox(self) -> None:
        waiting = [str(blob.name) for blob in self.inbox.list("bench-")]
        if len(waiting) != _FILES:
            raise RuntimeError(f"{len(waiting)} of {_FILES} files were put back")
        _plainly(self.inbox.delete, waiting)


def _copied(source: Objects, name: str, target: Objects, new_name: str) -> Any:
    """Copy an object; return it."""
    blob = source._bucket.blob(name)
    source._bucket.copy_blob(blob, target._bucket, new_name)
    return blob


def _plainly(do: Callable[[Any], object], items: Any) -> None:
    with ThreadPoolExecutor(_LIMIT) as pool:
        list(pool.map(do, items))
