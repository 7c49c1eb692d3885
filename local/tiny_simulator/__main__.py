"""``python -m local.tiny_simulator``: the simulator as a program."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from local.tiny_simulator.server import serve
from local.tiny_simulator.settings import PROFILES, Settings, load_scenario
from local.tiny_simulator.shop import Shop, town_time
from local.tiny_simulator.simulator import Simulator


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    cli = argparse.ArgumentParser(prog="python -m local.tiny_simulator", description=__doc__)
    cli.add_argument("--host", default="127.0.0.1", help="address to listen at (default %(default)s)")
    cli.add_argument("--port", type=int, default=int(os.environ.get("TINY_PORT", "18080")), help="TCP port")
    cli.add_argument(
        "--seed", type=int, default=316, help="everything invented follows from it (default %(default)s)"
    )
    cli.add_argument(
        "--token", default=os.environ.get("TINY_TOKEN", "simulator-token"),
        help="the account's token (default: the environment variable TINY_TOKEN)",
    )  # fmt: skip
    cli.add_argument(
        "--days", type=int, default=31, help="days of history before today (default %(default)s)"
    )
    cli.add_argument("--orders", type=int, default=40, help="orders on an average day (default %(default)s)")
    cli.add_argument("--today", type=date.fromisoformat, help="the shop's date, ISO (default: the real one)")
    cli.add_argument(
        "--first-id", type=int, default=910000101, help="id of the first order (default %(default)s)"
    )
    cli.add_argument("--scenario", type=Path, help="TOML file with settings")
    cli.add_argument("--profile", choices=sorted(PROFILES), help="all quirks at once")
    cli.add_argument("--limit", type=int, help="calls per minute")
    cli.add_argument("--concurrency", type=int, help="calls at once (default: a quarter of the limit)")
    cli.add_argument("--latency", type=float, help="seconds that every answer takes")
    cli.add_argument("--quiet", action="store_true", help="no line for each call")
    return cli


def settings(args: argparse.Namespace) -> Settings:
    """Read the settings of the command line: the scenario first, then what the flags say.

    Raises:
        OSError: The scenario cannot be read.
        ValueError: The scenario names something unknown.
    """
    found = load_scenario(args.scenario) if args.scenario else Settings()
    limits = {"per_minute": args.limit, "concurrency": args.concurrency}
    found = found.changed({"limits": {name: value for name, value in limits.items() if value is not None}})
    if args.profile:
        found = found.changed({"profile": args.profile})
    return found if args.latency is None else replace(found, latency_s=args.latency)


def build(args: argparse.Namespace) -> Simulator:
    """Build the simulator that the command line asks for, its history filled in."""
    chosen = settings(args)
    today: date | None = args.today

    def now() -> datetime:
        real = town_time()
        return real if today is None else datetime.combine(today, real.time())

    shop = Shop(seed=args.seed, now=now, first_id=args.first_id)
    shop.fill(args.days, args.orders, chosen.quirks)
    return Simulator(shop, args.token, chosen, seed=args.seed)


async def _run(simulator: Simulator, host: str, port: int) -> None:
    task = asyncio.create_task(serve(simulator, host, port))
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main(argv: Sequence[str] | None = None) -> int:
    """Run until a signal; 1 with the reason when it cannot start."""
    args = parser().parse_args(argv)
    logging.basicConfig(
        level=logging.WARNING if args.quiet else logging.INFO,
        format="time=%(asctime)s level=%(levelname)s logger=%(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    try:
        asyncio.run(_run(build(args), args.host, args.port))
    except (OSError, ValueError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
