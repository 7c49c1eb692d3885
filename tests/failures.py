"""Errors as tasks of this package raise them: those that no other try mends, and those that one may."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tiny_operators.operators.base import StoreOperator
from tiny_operators.operators.rows import check_counts
from tiny_operators.stores import load_stores


def error_of(action: Any) -> BaseException:
    """The error that an action ends in."""
    try:
        action()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def refused() -> BaseException:
    """What no other try can mend."""
    run: Any = {"dag_run": SimpleNamespace(conf={"dates": ""})}
    task = StoreOperator(task_id="plan", store=load_stores()[0])
    return error_of(lambda: task.run_request(run, []))


def lost() -> BaseException:
    """What another try may mend."""
    return error_of(lambda: check_counts(2, {"loaded": 1}))
