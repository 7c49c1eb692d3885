"""Orders that a person asks for: into the inbox, and what became of them."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

from tiny_operators._compat import AirflowFailException, Context
from tiny_operators.batches.asked_orders import (
    AskedFile,
    OrderStatus,
    find_numbers,
    order_statuses,
    read_asked,
    unlisted,
)
from tiny_operators.batches.put_back import order_event
from tiny_operators.batches.run_request import RequestError, check_names
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.operators.account import AccountOperator
from tiny_operators.operators.base import StoreOperator
from tiny_operators.orders.json_values import from_json
from tiny_operators.orders.outcomes import State
from tiny_operators.params import orders_form
from tiny_operators.run_notes import NOTE
from tiny_operators.wording import counted, first_of

log = logging.getLogger(__name__)

# Between two looks. On Airflow 3 a task that is back sooner may be treated as failed.
_PAUSE: Final = timedelta(seconds=15)
# Orders that a message names, at most; the XCom ``orders`` has them all.
_NAMED: Final = 10
# Key of the XCom with the numbers that Tiny's search does not list.
_UNLISTED: Final = "unlisted"


class AskForOrdersOperator(AccountOperator):
    """Writes an event into the inbox for each order that a person asks for; the webhook DAG reads them.

    A number that Tiny's search does not list keeps no other order out. It is in the XCom ``unlisted`` for the report.

    Args:
        **kwargs: See :class:`AccountOperator`.

    Returns:
        The events: see :class:`~tiny_operators.batches.asked_orders.AskedFile`.

    Raises:
        AirflowFailException: When the run was asked for something impossible, or Tiny's search lists none of it.
    """

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Write the events."""
        run: Any = context["dag_run"]
        try:
            check_names(run.conf or {}, orders_form())
            asked = read_asked(dict(context["params"]))
        except RequestError as error:
            raise AirflowFailException(str(error)) from error
        self.check_setup()
        key, objects = self.start(context)
        found = find_numbers(self.tiny(objects), asked.numbers) if asked.numbers else {}
        # An order that was asked for in both ways is one; its id says more.
        numbers = {pedido: number for number, own in found.items() for pedido in own}
        pedidos = dict.fromkeys([*asked.orders, *numbers])
        unknown = [number for number, own in found.items() if not own]
        if not pedidos:
            lines = first_of((unlisted(number).line for number in unknown), _NAMED)
            raise AirflowFailException(f"Nothing was fetched: {lines}")
        # They keep no other order out; the report names them.
        context["ti"].xcom_push(key=_UNLISTED, value=unknown)
        inbox = self.objects(self.store.webhook_bucket)
        files = [
            AskedFile(
                pedido,
                names.asked_event(key, pedido),
                datetime.now(UTC).isoformat(),
                None if pedido in asked.orders else numbers[pedido],
            )
            for pedido in pedidos
        ]
        for file in files:
            inbox.create_json(file.name, order_event(self.store.cnpj, file.pedido))
        log_event(
            log, "orders_asked", store=self.store.prefix, run=key, orders=len(files), unlisted=len(unknown)
        )
        return [asdict(file) for file in files]


class AskedOrdersOperator(StoreOperator):
    """Waits, deferred, until the orders that were asked for have come to their end, and reports what became of each.

    Args:
        of_task: Id of the task that asked for them.
        timeout: How long it waits.
        **kwargs: See :class:`StoreOperator`.

    Returns:
        How many orders came to which end; the XCom ``orders`` has a sentence for each, the XCom ``note`` the first of
        them.

    Raises:
        AirflowFailException: When an order was not loaded; the message says why.
    """

    def __init__(self, *, of_task: str, timeout: timedelta = timedelta(minutes=30), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of_task = of_task
        self.timeout = timeout

    def execute(self, context: Context) -> None:
        """Wait for a moment: the orders cannot have come to their end yet."""
        self._wait((datetime.now(UTC) + self.timeout).isoformat())

    def look(self, context: Context, event: Any = None, *, until: str) -> dict[str, int]:
        """Check what became of them; wait again while some wait and there is time."""
        ti: Any = context["ti"]
        key, api = self.start(context)
        files = [from_json(AskedFile, file) for file in ti.xcom_pull(task_ids=self.of_task)]
        inbox = self.objects(self.store.webhook_bucket)
        found = [
            *order_statuses(files, inbox, api, self.known_orders(), self.store),
            *map(unlisted, ti.xcom_pull(task_ids=self.of_task, key=_UNLISTED) or ()),
        ]
        counts = Counter(fate.state.value for fate in found)
        if counts[State.WAITING] and datetime.now(UTC) < datetime.fromisoformat(until):
            self._wait(until)
        ti.xcom_push(key="orders", value={str(fate.pedido or fate.asked_as): fate.text for fate in found})
        ti.xcom_push(key=NOTE, value=first_of((fate.line for fate in found), _NAMED))
        log_event(log, "asked_orders_done", store=self.store.prefix, run=key, **counts)
        if counts[State.LOADED] < len(found):
            raise AirflowFailException(self._message(found))
        return dict(counts)

    def _wait(self, until: str) -> None:
        self.defer(trigger=TimeDeltaTrigger(_PAUSE), method_name=self.look.__name__, kwargs={"until": until})

    def _message(self, found: list[OrderStatus]) -> str:
        failed = [fate for fate in found if fate.state is not State.LOADED]
        loaded = [fate for fate in found if fate.state is State.LOADED]
        were = "was" if len(failed) == 1 else "were"
        message = f"{len(failed)} of {counted(len(found), 'order')} {were} not loaded: "
        # Those that failed come first: they are what a cut leaves.
        message += first_of((fate.line for fate in [*failed, *loaded]), _NAMED)
        if any(fate.state is State.WAITING for fate in failed):
            message += (
                f". What waits is read as soon as it can be; see that the DAG {self.store.prefix}_webhook is not "
                "paused, then clear this task"
            )
        return message
