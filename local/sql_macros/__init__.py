"""What the SQL files find when sqlfluff renders them: the same macros and facts that a DAG or setup gives them."""

from types import SimpleNamespace

from tiny_operators.schemas import LOADED, columns, customer_columns
from tiny_operators.stores import load_stores
from tiny_operators.task_factories.macros import check_macros, merge_macros
from tiny_operators.warehouse.personal_rows import facts

__all__ = ["columns", "customer_columns"]

_store = load_stores()[0]
globals().update(check_macros(_store))
globals().update(merge_macros(_store))
globals().update(facts("pdv"))

# Of a run, and of the views both kinds: with the columns of personal data there is more to check.
dag = SimpleNamespace(dag_id="z316_webhook")
run_id = "manual"
# What the task rows says: it has built rows of every table.
_said = {
    "return_value": dict.fromkeys(LOADED, 1),
    "batch_bounds": {
        "ids": [7],
        "numbers": [7, 7],
        "texts": ["7", "7"],
        "days": ["2026-11-27", "2026-11-28"],
    },
}
ti = SimpleNamespace(xcom_pull=lambda key="return_value", **_: _said[key])
personal = True
