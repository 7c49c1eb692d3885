"""The put-back step: what was rejected goes into the inbox again, when a person asks for it."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Final

from tiny_operators._compat import AirflowFailException, Context
from tiny_operators.batches.put_back import (
    PutBack,
    PutBackRequest,
    RejectedObject,
    order_event,
    read_put_back,
)
from tiny_operators.batches.run_request import RequestError, check_names
from tiny_operators.batches.unanswered import UnansweredMemory
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import map_in_threads
from tiny_operators.operators.base import StoreOperator
from tiny_operators.params import put_back_form

log = logging.getLogger(__name__)

# So many orders the note of a run names.
_MOST_NAMED: Final = 10


class PutBackOperator(StoreOperator):
    """Moves rejected webhook files back into the inbox, and writes an event for each rejected order that has no file.

    The work is found once: a later try continues with the same work, wherever the try before it died. An order that is
    put back twice in this way is read twice, and nothing else changes.

    Returns:
        Counts: ``files`` and ``orders`` that were put back, ``left``: rejects that were not asked for, or are about
        nothing that can be put back. For the note of the run ``named``: ids of the orders when they are few, and
        ``read_by``: the DAG that reads what was put back.

    Raises:
        AirflowFailException: When the run was asked for something impossible, or no such reject exists.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Put back."""
        request = self._request(context)
        key, api = self.start(context)
        inbox = self.objects(self.store.webhook_bucket)
        work = self._work(request, key, api)
        of_name: dict[str, list[RejectedObject]] = defaultdict(list)
        for file in work.files:
            of_name[file.name].append(file)
        for _ in map_in_threads(partial(self._move, api, inbox), of_name.values()):
            pass
        UnansweredMemory.of_products(api, self.store.prefix).forget(work.products)
        for _ in map_in_threads(partial(self._write_event, inbox, key), work.orders):
            pass
        # Last: as long as an order has no event, its reason still names it.
        for name, ids in work.rejects.items():
            _forget(api, name, set(ids))
        counts = {"files": len(work.files), "orders": len(work.orders), "left": work.left}
        log_event(log, "put_back", store=self.store.prefix, run=key, **counts)
        if request.named and not (work.files or work.orders):
            raise AirflowFailException(
                f"No reject of {request.named} on {request.dates[0]} to {request.dates[-1]}: nothing was put back. "
                "Correct the form: the days as in rejected/dt=…, the order by Tiny's id, not its number, the field as "
                "in the reason"
            )
        return {**counts, "named": work.named(_MOST_NAMED), "read_by": self.store.dag_id("webhook")}

    def _request(self, context: Context) -> PutBackRequest:
        run: Any = context["dag_run"]
        try:
            check_names(run.conf or {}, put_back_form())
            return read_put_back(dict(context["params"]), datetime.now(UTC), self.store.timezone)
        except RequestError as error:
            raise AirflowFailException(str(error)) from error

    def _work(self, request: PutBackRequest, key: str, api: Objects) -> PutBack:
        """Return what should be put back, as the first try found it."""
        target = names.put_back_object(key)
        if (content := api.read_json(target)) is None:
            api.create_json(target, _find(request, api).to_json())
            content = api.read_json(target)
        return PutBack.from_json(content)

    def _write_event(self, inbox: Objects, key: str, pedido: int) -> None:
        inbox.create_json(names.put_back_event(key, pedido), order_event(self.store.cnpj, pedido))

    @staticmethod
    def _move(api: Objects, inbox: Objects, files: list[RejectedObject]) -> None:
        """Move files of one name, one after the other; delete the reason of each after it."""
        for file in files:
            # A file of the same name may wait there: it is another one, and stays. When it comes at this very moment
            # the try fails, and the next one sees it.
            taken = inbox.exists(file.name)
            name = PurePosixPath(file.rejected).name if taken else file.name
            moved = api.move(file.rejected, file.generation, inbox, name, replaces=False)
            # An earlier try may have moved it and died. When it is still there, its reason stays too.
            if moved or not api.exists(file.rejected):
                api.delete(names.reason_object(file.rejected))


def _find(request: PutBackRequest, api: Objects) -> PutBack:
    work = PutBack()
    for day in request.dates:
        found = {blob.name: blob for blob in api.list(names.rejected_prefix(day.isoformat()))}
        files = [name for name in found if names.reason_object(name) in found]
        reasons = map_in_threads(lambda name: api.read_json(names.reason_object(name)) or {}, files)
        for name, reason in zip(files, reasons, strict=True):
            every = [reason, *reason.get("more", ())]
            if any(map(request.wants, every)):
                pedidos = [each["pedido"] for each in every if each.get("pedido") is not None]
                generation = int(found[name].generation)
                work.files.append(RejectedObject(name, generation, reason["file"], pedidos))
            else:
                work.left += 1
        rejects = [
            name for name in found if names.reason_object(name) not in found and names.is_rejects_object(name)
        ]
        for name, lines in zip(
            rejects, map_in_threads(lambda name: list(api.lines_if_any(name)), rejects), strict=True
        ):
            work.add(name, [json.loads(line) for line in lines], request)
    return work


def _forget(api: Objects, name: str, ids: set[str]) -> None:
    """Remove rejects that were put back from an object of reasons."""
    lines = list(api.lines_if_any(name))
    kept = [line for line in lines if json.loads(line)["id"] not in ids]
    if not kept:
        api.delete(name)
    elif len(kept) < len(lines):
        with api.writing(name) as stream:
            stream.writelines(kept)
