"""A program that calls Tiny with all loggers at DEBUG: its output is everything that the package and its parts log.

Usage: ``python -m tests.tiny_operators.hooks.talkative CONNECTION…``, which must be in the environment. Each connection is
used until a call answers well or ends the task. Loggers differ between Airflow 2 and 3; what they write does not hide.
"""

from __future__ import annotations

import logging
import sys

from tiny_operators._compat import AirflowException
from tiny_operators.hooks.tiny import TinyHook

CONTROL = "control: what is logged is seen"


def main(connections: list[str]) -> None:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.disabled, logger.propagate = False, True
        logger.handlers.clear()
        logger.filters.clear()
        logger.setLevel(logging.DEBUG)
    for connection in connections:
        hook = TinyHook(connection, sleep=lambda seconds: None)
        for _ in range(6):
            try:
                hook.pdv_pedido_obter(1)
            except AirflowException:
                hook.log.exception("task failed")
        hook.log.warning("%s %s", CONTROL, hook.account.token)


if __name__ == "__main__":
    main(sys.argv[1:])
