"""The actors of a chaos run: the shop sells and changes, webhooks are posted, processes die."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import psutil

from benchmarks.chaos.agenda import BAD_FILES, Agenda, Event, What, deliveries, repeated_orders
from benchmarks.chaos.silence import Silence
from benchmarks.history.shop import Shop, until
from local.stack import processes, workers
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
        silence: What Tiny does not answer about.
        say: Takes lines of progress.

    Attributes:
        sold: Ids of the orders, in the order of their sale.
        deleted: Ids of those that were deleted.
        silence: What Tiny does not answer about.
        posted: How many webhooks were delivered, by type; ``lost`` when Tiny never posted them, ``refused`` when the
            receiver did not take them; ``panel`` and ``panel refused``: how often Tiny's panel tried the address.
        killed: How often each task was killed.
        restarted: Parts that were killed and started again.
        today: The shop's date when the run began.
    """

    def __init__(self, shop: Shop, agenda: Agenda, dice: random.Random, silence: Silence, say: Say) -> None:
        self.sold: list[int] = []
        self.deleted: list[int] = []
        self.silence = silence
        self.posted: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.restarted: list[str] = []
        self.today = datetime.now(ZoneInfo(shop.store.timezone)).date()
        self._shop = shop
        self._events = list(agenda.events)
        self._silent = agenda.silent
        self._numbers: list[str] = []
        self._repeated = repeated_orders(sum(event.count for event in agenda.events if event.what == "sell"))
        self._dice = dice
        self._say = say
        self._began = time.monotonic()
        self._outbox: list[tuple[float, int, dict[str, Any]]] = []
        self._places = itertools.count()
        self._kills_due = 0
        self._victim: tuple[float, str, psutil.Process] | None = None

    @property
    def dates(self) -> tuple[date, date]:
        """The dates of all that was sold, both included: from the day before the run to the day after."""
        return self.today - timedelta(days=1), self.today + timedelta(days=1)

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
        """Return whether the inbox is empty and the webhook DAG waits; continue to kill, and let days pass."""
        self.keep_killing()
        self.silence.let_a_day_pass()
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
        actions: dict[What, Callable[[Event], None]] = {
            "sell": self._sell,
            "import": self._import,
            "change": self._change,
            "habit": self._take_habit,
            "probe": self._probe,
            "kill": self._ask_for_kill,
            "restart": self._restart,
            "throttle": self._throttle,
            "trigger": self._trigger,
            "bad_file": self._upload,
        }
        actions[event.what](event)

    def _sell(self, event: Event) -> None:
        for sale in self._shop.simulator.sell(event.count):
            if (place := len(self.sold)) in self._silent:
                self.silence.of_order(sale, forever=self._silent[place])
            self._numbers.append(str(sale.webhook["dados"]["numero"]))
            self._to_post([sale.webhook, *sale.more], repeated=len(self.sold) in self._repeated)
            self.sold.append(sale.pedido)
        self._say(f"{len(self.sold)} orders sold")

    def _import(self, event: Event) -> None:
        """Sell orders of the day before, which Tiny gets today."""
        yesterday = self.today - timedelta(days=1)
        for sale in self._shop.simulator.sell_on(yesterday, event.count, registered=self.today):
            self._to_post([sale.webhook, *sale.more])

    def _take_habit(self, event: Event) -> None:
        self._shop.simulator.set(quirks=event.values)
        self._say(f"Tiny has another habit: {event.values}")

    def _probe(self, _: Event) -> None:
        """Let Tiny's panel try the receiver's address, as it does before it saves it."""
        self.posted["panel"] += 1
        if not self._shop.simulator.save_address(self._shop.stack.env["WEBHOOK_URL"]):
            self.posted["panel refused"] += 1

    def _change(self, event: Event) -> None:
        pedido = self.sold[event.order]
        if event.name == "delete":
            self._shop.simulator.delete(pedido)
            self.deleted.append(pedido)
            return
        values = dict(event.values)
        if "data" in values:
            values["data"] = (self.today - timedelta(days=1)).isoformat()
        if "number_of" in values:
            values = {"numero": self._numbers[values["number_of"]]}
        self._to_post([self._shop.simulator.change(pedido, event.name, **values)])

    def _to_post(self, webhooks: list[dict[str, Any]], *, repeated: bool = False) -> None:
        now = time.monotonic() - self._began
        for delay_s, webhook in deliveries(self._dice, webhooks, repeated=repeated):
            heapq.heappush(self._outbox, (now + delay_s, next(self._places), webhook))

    def _post(self, now: float) -> None:
        due: list[dict[str, Any]] = []
        while self._outbox and self._outbox[0][0] <= now and len(due) < _POST_AT_ONCE:
            due.append(heapq.heappop(self._outbox)[2])
        if not due:
            return
        self._dice.shuffle(due)
        for delivery in self._shop.simulator.send(self._shop.stack.env["WEBHOOK_URL"], due):
            undelivered = "refused" if delivery["tries"] else "lost"
            self.posted[delivery["tipo"] if delivery["delivered"] else undelivered] += 1

    def _upload(self, event: Event) -> None:
        name = event.name
        warehouse = self._shop.warehouse
        inbox = warehouse.storage_client().bucket(warehouse.webhook_bucket)
        inbox.blob(f"by-hand/{name}").upload_from_string(BAD_FILES[name])

    def _ask_for_kill(self, _: Event) -> None:
        self._kills_due += 1

    def _throttle(self, event: Event) -> None:
        limit = _THROTTLED_PER_MINUTE if event.on else PER_MINUTE
        self._shop.simulator.set(limits={"per_minute": limit})
        self._say(f"Tiny grants {limit} calls a minute")

    def _trigger(self, event: Event) -> None:
        dag_id = f"{self._shop.store.prefix}_{event.name}"
        day = self.today.isoformat()
        self._shop.start(dag_id, {"from_date": day, "to_date": day})
        self._say(f"triggered {dag_id} for {day}")

    def _restart(self, event: Event) -> None:
        """Kill a part's process and have it started again, as whatever watches over it does.

        A worker dies as a machine does: with all tasks that it runs.
        """
        part = event.name
        state = State.load(self._shop.stack.home)
        if state is None:
            raise RuntimeError("the stack is gone")
        supervisor = Supervisor(state)
        if part in workers.names(self._shop.settings):
            until(f"the end of {part}'s tasks", lambda: not _kill_all(state, part), patience_s=60)
        else:
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


def _kill_all(state: State, part: str) -> list[psutil.Process]:
    """Kill what still runs of a part; return it."""
    left = [process for process in processes.of_part(state.home, part) if processes.is_alive(process)]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    return left
