"""How many modules of the package one webhook touches, one replay, and a file that is no JSON.

``make walk`` (``AIRFLOW=3`` for Airflow 3): each walk is a run of the project's own DAG, task after task in a process
of its own, against the emulators and the simulator. The receiver is a program of its own and is not counted. It is a
measure and ends with 0; ``ARGS=--hold`` ends with 1 when an aim is missed. ``ARGS=--modules`` lists the modules,
and which changes are the most frequent.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from benchmarks.alone import environment, set_up
from benchmarks.walk.tracing import traced
from local.demo.parts import Simulator, post_webhook
from local.stack.launcher import running
from local.stack.settings import EMULATORS, REPO, Settings

if TYPE_CHECKING:
    from tiny_operators.stores import Store

_PACKAGE: Final = "tiny_operators"
_SETUP: Final = "setup"
_FREQUENT: Final = 10
_INTO_TABLES: Final = ("load_", "merge")


@dataclass(frozen=True)
class Walk:
    """A walk and its aims.

    Attributes:
        dag: The DAG file and what its name ends with.
        modules: At most so many modules of the package.
        changes: At most so many changes of module; None: no aim.
        into_tables: Whether it may load and merge.
    """

    dag: str
    modules: int
    changes: int | None = None
    into_tables: bool = True


@dataclass(frozen=True)
class Way:
    """What a walk took.

    Attributes:
        modules: Modules of the package, in the order of their first call.
        functions: How many functions were called.
        changes: How often a call was in another module than the call before, by the two modules.
        new_changes: How often, without what loops repeat.
        tasks: The tasks that ran and were not skipped.
    """

    modules: list[str]
    functions: int
    changes: dict[str, int]
    new_changes: int
    tasks: list[str]


# In this order: the replay reads what the webhook left, and the file that is no JSON leaves a reject.
WALKS: Final = {
    "one webhook": Walk("webhook", modules=20, changes=150),
    "one replay": Walk("replay", modules=15),
    "a file that is no JSON": Walk("webhook", modules=12, into_tables=False),
}


def main() -> int:
    """Measure and print; 0, or with ``--hold`` 1 when an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walk", description=__doc__)
    parser.add_argument("--hold", action="store_true", help="end with 1 when an aim is missed")
    parser.add_argument("--modules", action="store_true", help="list the modules of each walk")
    parser.add_argument("--walk", choices=(_SETUP, *WALKS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.walk:
        print(json.dumps(_in_this_process(arguments.walk)))
        return 0
    settings = Settings.from_env(home=REPO / ".local" / "walk", parts=EMULATORS, free_ports=True)
    with running(settings) as stack:
        ways = dict(_walk_all(environment(stack)))
    print("\n".join(_table(ways, f"Airflow {settings.airflow}")))
    if arguments.modules:
        print("\n".join(_listing(ways)))
    missed = [text for name, way in ways.items() for text in missed_aims(WALKS[name], way)]
    return 1 if arguments.hold and missed else 0


def _walk_all(env: Mapping[str, str]) -> Iterator[tuple[str, Way]]:
    _run(env, _SETUP)
    for name in WALKS:
        yield name, Way(**_run(env, name))


def _run(env: Mapping[str, str], name: str) -> dict[str, Any]:
    """Walk in a process of its own, so that no walk finds what another one keeps in memory.

    Raises:
        RuntimeError: When it failed; with the end of its log.
    """
    log = Path(env["AIRFLOW_HOME"]).parent / "logs" / f"walk-{name.replace(' ', '-')}.log"
    with log.open("w") as errors:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.walk", "--walk", name],
            env=dict(env),
            cwd=REPO,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{name} failed: {log.read_text()[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _in_this_process(name: str) -> dict[str, Any]:
    """Walk here; what it took, or nothing for the setup."""
    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    if name == _SETUP:
        set_up(store)
        create_pools(store)
        return {}
    conf: dict[str, Any] = {}
    match name:
        case "one webhook":
            _sell_one_product()
        case "one replay":
            conf["from_date"] = datetime.now(ZoneInfo(store.timezone)).date().isoformat()
        case _:
            _put_in_inbox(store.webhook_bucket, "by-hand/order.json", "this is no JSON")
    file = REPO / "dags" / f"tiny_{WALKS[name].dag}.py"
    return asdict(_walk(runpy.run_path(str(file))[f"{store.prefix}_{WALKS[name].dag}"], conf))


def create_pools(store: Store) -> None:
    """Create the pools, for which the tasks look in Airflow's database on Airflow 2."""
    from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, ensure_pool

    command = [str(Path(sys.executable).with_name("airflow")), "db", "migrate"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    if not AIRFLOW_V_3_0_PLUS:
        for name, description in store.pools.items():
            ensure_pool(name, 1, description)


def _walk(dag: Any, conf: dict[str, Any]) -> Way:
    """Run a DAG, its sensor too, and trace it."""
    from tests.component.whole_runs import WholeRun

    run = WholeRun(dag, conf)
    with traced(_PACKAGE) as trace:
        if dag.has_task("wait"):
            # The file is there: the sensor looks once and does not defer.
            dag.get_task("wait").prepare_for_execution().execute({})
        run.finish()
    tasks = [task for task in run.tries if task not in run.skipped]
    return Way(trace.modules, trace.functions, dict(trace.changes), trace.new_changes.total(), tasks)


def _sell_one_product() -> None:
    """Post the webhook of an order with one item: with more, parts of the way are walked again for each."""
    simulator = Simulator(os.environ["TINY_SIMULATOR_URL"])
    (sale,) = simulator.sell(1)
    simulator.edit(sale.pedido, itens=[{"id_produto": 730000001, "quantidade": 1}])
    post_webhook(os.environ["WEBHOOK_URL"], sale.webhook)


def _put_in_inbox(bucket: str, name: str, content: str) -> None:
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    GCSHook().get_conn().bucket(bucket).blob(name).upload_from_string(content)


def _table(ways: Mapping[str, Way], title: str) -> Iterator[str]:
    package = REPO / "plugins" / _PACKAGE
    total = sum(path.name != "__init__.py" for path in package.rglob("*.py"))
    yield f"[walk] {title}; the package has {total} modules"
    yield f"{'walk':24}{'modules':>8}{'aim':>5}{'changes':>9}{'aim':>5}{'once':>6}{'functions':>11}  tasks that ran"
    for name, way in ways.items():
        aims = WALKS[name]
        yield (
            f"{name:24}{len(way.modules):>8}{aims.modules:>5}{sum(way.changes.values()):>9}{aims.changes or '-':>5}"
            f"{way.new_changes:>6}{way.functions:>11}  {', '.join(way.tasks)}"
        )
    yield "changes: calls in another module than the call before; once: the same, without what loops repeat"
    for name, way in ways.items():
        for text in missed_aims(WALKS[name], way):
            yield f"[walk] missed by {name}: {text}"


def _listing(ways: Mapping[str, Way]) -> Iterator[str]:
    for name, way in ways.items():
        yield f"\n{name}, in the order of the first call:"
        yield from (f"  {module}" for module in way.modules)
        yield f"{name}, the most frequent changes of module:"
        yield from (f"  {count:5} {change}" for change, count in Counter(way.changes).most_common(_FREQUENT))


def missed_aims(aims: Walk, way: Way) -> list[str]:
    """List the aims that a walk misses."""
    missed = []
    if len(way.modules) > aims.modules:
        missed.append(f"{len(way.modules)} modules, at most {aims.modules} wanted")
    changes = sum(way.changes.values())
    if aims.changes is not None and changes > aims.changes:
        missed.append(f"{changes} changes of module, at most {aims.changes} wanted")
    used = [task for task in way.tasks if task.startswith(_INTO_TABLES)]
    if used and not aims.into_tables:
        missed.append(f"it ran {', '.join(used)}, and no load and no merge is wanted")
    return missed


if __name__ == "__main__":
    sys.exit(main())
