"""Whole runs of the project's own DAGs, task after task in this process, with Airflow's tries."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.effects import Effects, effects
from tiny_operators._compat import AirflowFailException, AirflowSkipException

_WAITS = "wait"
_RETURNED = "return_value"


class _Kept(dict[str, Any]):
    """Stands for what Airflow 3 keeps of a task between its tries."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


class _OutletEvents(dict[str, SimpleNamespace]):
    """Stands for Airflow's events of assets: by address, since some versions cannot hash an asset."""

    def __getitem__(self, asset: Any) -> SimpleNamespace:
        return self.setdefault(asset.uri, SimpleNamespace())


@dataclass
class WholeRun:
    """One run of a DAG.

    Attributes:
        dag: The DAG, as Airflow parsed it.
        conf: What it was triggered with.
        run_id: Its id.
        tries: How often each task was tried.
        failures: What each failed try said.
        skipped: Tasks that were skipped.
    """

    dag: Any
    conf: dict[str, Any] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: f"manual__{uuid.uuid4()}")
    tries: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _done: set[str] = field(default_factory=set)
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _said: dict[tuple[str, str], Any] = field(default_factory=dict)
    _retries_from: dict[str, int] = field(default_factory=dict)

    @property
    def xcom_bytes(self) -> int:
        """How many bytes the tasks have handed on, as JSON."""
        return sum(len(json.dumps(value).encode()) for value in self._said.values() if value is not None)

    def go_on(self, counted: Effects) -> None:
        """Run the tasks that are not done, in order, each until it succeeds or its tries are used up.

        Raises:
            DeadError: When the process died; the next call goes on with another try, as Airflow does.
            Exception: The error of a task's last try.
        """
        for task in self.dag.topological_sort():
            if task.task_id in self._done | self.skipped or task.task_id == _WAITS:
                continue
            counted.task = task.task_id
            if not self._goes_on(task):
                self.skipped.add(task.task_id)
                continue
            try:
                self._run(task)
            except AirflowSkipException:
                self.skipped.add(task.task_id)
            else:
                self._done.add(task.task_id)

    def _goes_on(self, task: Any) -> bool:
        """Whether a task runs, by its trigger rule, after what was skipped before it: nothing has failed."""
        before = task.upstream_task_ids - {_WAITS}
        match str(getattr(task.trigger_rule, "value", task.trigger_rule)):
            case "all_success":
                return not before & self.skipped
            case "none_failed_min_one_success":
                return bool(before & self._done)
            case "none_failed":
                return True
        raise AssertionError(f"{task.task_id} has a rule that is not known here")

    def finish(self) -> None:
        """Run to the end.

        Raises:
            Exception: The error of a task's last try.
        """
        with effects() as counted:
            self.go_on(counted)

    def finish_but(self, *failed: str) -> None:
        """Run the tasks that do not come after these, which have failed."""
        self.skipped.update(failed)
        self.finish()

    def links(self, keys: set[str]) -> dict[tuple[str, str], str]:
        """The addresses that tasks have left under these keys, by task and key."""
        return {name: url for name, url in self._said.items() if name[1] in keys}

    def clear(self) -> None:
        """Let every task run anew, as when a person clears the run: Airflow counts on, and keeps what it keeps."""
        self._done.clear()
        self.skipped.clear()
        self._said.clear()
        self._retries_from = dict(self.tries)

    def _run(self, task: Any) -> None:
        while True:
            number = self.tries[task.task_id] = self.tries.get(task.task_id, 0) + 1
            try:
                copy = task.prepare_for_execution()
                context = self._context(copy, number)
                copy.render_template_fields(context)
                copy.pre_execute(context)
                self._said[task.task_id, _RETURNED] = result = copy.execute(context)
                copy.post_execute(context, result)
            except (AirflowSkipException, AirflowFailException):
                raise
            except Exception as error:
                self.failures.append(f"{task.task_id}, try {number}: {error}")
                if number > self._retries_from.get(task.task_id, 0) + task.retries:
                    raise
            else:
                return

    def _context(self, task: Any, number: int) -> dict[str, Any]:
        run = SimpleNamespace(
            run_id=self.run_id,
            run_type="manual",
            conf=self.conf,
            start_date=self._began,
            run_after=self._began,
            queued_at=self._began,
            logical_date=self._began,
        )
        ti = SimpleNamespace(
            try_number=number,
            max_tries=self._retries_from.get(task.task_id, 0) + task.retries,
            task=task,
            stats_tags={},
            xcom_push=lambda key, value: self._said.update({(task.task_id, key): value}),
            xcom_pull=lambda task_ids, key=_RETURNED: self._said.get((task_ids, key)),
        )
        return {
            "dag": self.dag,
            "dag_run": run,
            "run_id": self.run_id,
            "task": task,
            "ti": ti,
            "task_instance": ti,
            "outlet_events": _OutletEvents(),
            "logical_date": self._began,
            "params": {**{name: param.value for name, param in self.dag.params.items()}, **self.conf},
            "task_state_store": self._kept.setdefault(task.task_id, _Kept()),
        }


@dataclass
class Sold:
    """Orders whose webhooks wait in the inbox.

    Attributes:
        simulator: The simulated Tiny.
        warehouse: Buckets and tables.
        dag: The webhook DAG.
        orders: Ids of the orders.
    """

    simulator: Simulator
    warehouse: Warehouse
    dag: Any
    orders: list[int]

    def run(self) -> WholeRun:
        """A run to its end.

        Raises:
            Exception: The error of a task's last try.
        """
        run = WholeRun(self.dag)
        run.finish()
        return run

    def failed_run(self, match: str) -> tuple[str, int]:
        """A run that fails: which task failed, and after how many tries."""
        run = WholeRun(self.dag)
        with effects() as counted, pytest.raises(Exception, match=match):
            run.go_on(counted)
        return list(run.tries.items())[-1]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of these orders."""
        return self.warehouse.rows_of(table, self.orders)

    def wrong(self) -> list[str]:
        """Where the tables differ from the truth, and files that are left."""
        left = [f"left in the inbox: {name}" for name in self.warehouse.waiting()]
        return left + self.warehouse.differences(self.simulator.truth(self.orders), self.orders)
