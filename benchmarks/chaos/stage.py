"""The actors of a chaos run: the shop sells and changes, webhooks are posted, processes die."""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import psutil

from benchmarks.chaos.agenda import BAD_FILES, Agenda, Event, deliveries, repeated_orders
from benchmarks.history.shop import Shop, until
from local.stack import processes
from local.stack.state import State
from local.stack.supervisor import Supervisor

PER_MINUTE: Final = 2400
_THROTTLED_PER_MINUTE: Final = 60
_TICK_S, _HUNTING_TICK_S = 0.3, 0.05
# From the moment when a task is seen running to the kill: most tasks take a second or two.
_INTO_TASK_S: Final = (0.0, 1.5)
# A task that died at all of its tries is failed, as it should be: a person clears it. That is not what is asked here.
# (The wait before its next try doubles each time.)
_KILLS_OF_A_TASK: Final = 2
_POST_AT_ONCE: Final = 200

Say = Callable[[str], None]


class Stage:
    """Plays an agenda on a running stack.

    Args:
        shop: The stack.
        agenda: What happens when.
        dice: Chance, of what depends on the moment.
        say: Takes lines of progress.

    Attributes:
        sold: Ids of the orders, in the order of their sale.
        deleted: Ids of those that were deleted.
        posted: How many webhooks were delivered, by type; ``refused`` when they were not.
        killed: How often each task was killed.
        restarted: Parts that were killed and started again.
        today: The shop's date when the run began.
    """

    def __init__(self, shop: Shop, agenda: Agenda, dice: random.Random, say: Say) -> None:
        self.sold: list[int] = []
        self.deleted: list[int] = []
        self.posted: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.restarted: list[str] = []
        self.today = datetime.now(ZoneInfo(shop.store.timezone)).date()
        self._shop = shop
        self._events = list(agenda.events)
        self._repeated = repeated_orders(sum(event.count for event in agenda.events))
        self._dice = dice
        self._say = say
        self._began = time.monotonic()
        self._outbox: list[tuple[float, int, dict[str, Any]]] = []
        self._numbers = itertools.count()
        self._kills_due = 0
        self._victim: tuple[float, str, psutil.Process] | None = None

    def done(self) -> bool:
        """Play what is due; whether everything was played and posted (kills may be left, if nothing runs)."""
        now = time.monotonic() - self._began
        while self._events and self._events[0].at_s <= now:
            self._play(self._events.pop(0))
        self._post(now)
        self._kill(now)
        time.sleep(_HUNTING_TICK_S if self._kills_due else _TICK_S)
        return not self._events and not self._outbox

    def at_rest(self) -> bool:
        """Whether the inbox is empty and the webhook DAG waits; goes on killing."""
        self.keep_killing()
        waits = self._shop.tasks(f"{self._shop.store.prefix}_webhook", query="&state=deferred")
        return [task["task_id"] for task in waits] == ["wait"] and not self._shop.warehouse.waiting()

    def change_quietly(self, orders: Sequence[int]) -> None:
        """Edit orders and delete the last of them, while no webhook tells of it."""
        *edited, gone = orders
        for pedido in edited:
            self._shop.simulator.change(pedido, "edit")
        self._shop.simulator.delete(gone)
        self.deleted.append(gone)

    def keep_killing(self) -> None:
        """Kill what is due, for a caller that waits for something itself."""
        self._kill(time.monotonic() - self._began)

    def _play(self, event: Event) -> None:
        match event.what:
            case "sell":
                self._sell(event.count)
            case "change":
                self._change(event)
            case "kill":
                self._kills_due += 1
            case "restart":
                self._restart(event.name)
            case "throttle":
                limit = _THROTTLED_PER_MINUTE if event.on else PER_MINUTE
                self._shop.simulator.set(limits={"per_minute": limit})
                self._say(f"Tiny grants {limit} calls a minute")
            case "trigger":
                self._trigger(f"{self._shop.store.prefix}_{event.name}")
            case "bad_file":
                self._upload(event.name)

    def _sell(self, count: int) -> None:
        for sale in self._shop.simulator.sell(count):
            self._to_post([sale.webhook, *sale.more], repeated=len(self.sold) in self._repeated)
            self.sold.append(sale.pedido)
        self._say(f"{len(self.sold)} orders sold")

    def _change(self, event: Event) -> None:
        pedido = self.sold[event.order]
        if event.name == "delete":
            self._shop.simulator.delete(pedido)
            self.deleted.append(pedido)
            return
        values = dict(event.values)
        if "data" in values:
            values["data"] = (self.today - timedelta(days=1)).isoformat()
        self._to_post([self._shop.simulator.change(pedido, event.name, **values)])

    def _to_post(self, webhooks: list[dict[str, Any]], *, repeated: bool = False) -> None:
        now = time.monotonic() - self._began
        for delay_s, webhook in deliveries(self._dice, webhooks, repeated=repeated):
            heapq.heappush(self._outbox, (now + delay_s, next(self._numbers), webhook))

    def _post(self, now: float) -> None:
        due: list[dict[str, Any]] = []
        while self._outbox and self._outbox[0][0] <= now and len(due) < _POST_AT_ONCE:
            due.append(heapq.heappop(self._outbox)[2])
        if not due:
            return
        self._dice.shuffle(due)
        for delivery in self._shop.simulator.send(self._shop.stack.env["WEBHOOK_URL"], due):
            self.posted[delivery["tipo"] if delivery["delivered"] else "refused"] += 1

    def _upload(self, name: str) -> None:
        warehouse = self._shop.warehouse
        inbox = warehouse.storage_client().bucket(warehouse.webhook_bucket)
        inbox.blob(f"by-hand/{name}").upload_from_string(BAD_FILES[name])

    def _trigger(self, dag_id: str) -> None:
        day = self.today.isoformat()
        self._shop.start(dag_id, {"from_date": day, "to_date": day})
        self._say(f"triggered {dag_id} for {day}")

    def _restart(self, part: str) -> None:
        """Kill a part's process and have it started again, as whatever watches over it does."""
        state = State.load(self._shop.stack.home)
        if state is None:
            raise RuntimeError("the stack is gone")
        supervisor = Supervisor(state)
        psutil.Process(supervisor.processes()[part]["pid"]).kill()
        until(f"the end of {part}", lambda: not supervisor.processes()[part]["pid"], patience_s=60)
        supervisor.start(part)
        self.restarted.append(part)
        self._say(f"killed {part} and started it again")

    def _kill(self, now: float) -> None:
        """Choose a running task, wait some seconds, kill its process if it still runs."""
        if self._victim is not None:
            moment, name, process = self._victim
            if now < moment:
                return
            self._victim = None
            if processes.is_alive(process):
                process.kill()
                self.killed[name] += 1
                self._kills_due -= 1
                self._say(f"killed {name}, process {process.pid}")
        if self._kills_due:
            running = [
                (name, process)
                for name, process in self._shop.running_tasks()
                if self.killed[name] < _KILLS_OF_A_TASK
            ]
            if running:
                name, process = self._dice.choice(running)
                self._victim = (now + self._dice.uniform(*_INTO_TASK_S), name, process)
