"""Run the strict front: `python -m local.strict_front --state FILE --listen SERVICE:ACCOUNT:PORT …`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from local.stack.settings import PROJECT
from local.strict_front import discovery, rights
from local.strict_front.answers import PageTokens
from local.strict_front.bigquery import BigQuery
from local.strict_front.delays import Delays
from local.strict_front.emulator import Emulator, new_session
from local.strict_front.gate import Gate
from local.strict_front.jobs import Jobs
from local.strict_front.memory import Memory
from local.strict_front.record import Record
from local.strict_front.server import Front, Service
from local.strict_front.storage import Storage
from local.strict_front.work import Work
from tiny_operators.stores import load_stores

_CLIENT_IDLE_SECONDS = 3600
"""Clients close their idle connections themselves: one that is closed here may just be used again."""


@dataclass(frozen=True)
class Listen:
    """One address: which service is there, and who calls."""

    service: str
    account: str
    port: int

    @classmethod
    def read(cls, text: str) -> Listen:
        """Read `SERVICE:ACCOUNT:PORT`."""
        service, account, port = text.split(":")
        if service not in discovery.SERVICES:
            raise ValueError(service)
        return cls(service, account, int(port))


def main(words: Sequence[str] | None = None) -> None:
    """Read the arguments and serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--listen", type=Listen.read, action="append", required=True)
    parser.add_argument("--storage", default="", help="address of Cloud Storage's emulator")
    parser.add_argument("--bigquery", default="", help="address of BigQuery's emulator")
    parser.add_argument("--project", default=PROJECT, help="the project of the accounts and datasets")
    parser.add_argument("--stores", type=Path, help="the stores file; by default that of the package")
    parser.add_argument("--state", type=Path, required=True, help="file for what no emulator remembers")
    parser.add_argument(
        "--delays", action="store_true", help="take as long as Google's services: delays.toml"
    )
    given = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    emulators = {"storage": given.storage, "bigquery": given.bigquery}
    for listen in given.listen:
        if not emulators[listen.service]:
            parser.error(
                f"--listen names {listen.service}: give its emulator's address by --{listen.service}"
            )
    accounts = rights.load([vars(store) for store in load_stores(given.stores)], given.project)
    delays = Delays(on=given.delays)
    asyncio.run(serve(given.host, given.listen, emulators, Memory(given.state), accounts, delays=delays))


async def serve(
    host: str,
    listens: Sequence[Listen],
    emulators: Mapping[str, str],
    memory: Memory,
    accounts: rights.Rights,
    *,
    delays: Delays,
) -> None:
    """Serve all addresses until the process is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with new_session() as session:
        behind = {name: Emulator(url, session) for name, url in emulators.items() if url}
        gate = Gate(accounts, behind)
        services: dict[str, Service] = {}
        tasks: list[asyncio.Task[None]] = []
        if "storage" in behind:
            services["storage"] = Storage(behind["storage"], memory)
        if "bigquery" in behind:
            work = Work(behind["bigquery"], behind.get("storage"), memory, gate)
            services["bigquery"] = BigQuery(behind["bigquery"], Jobs(memory), work)
            tasks.append(asyncio.create_task(work.warm_up()))
        apis = {name: discovery.load(name) for name in services}
        tokens = PageTokens(secrets.token_bytes(16))
        record = Record()
        runners = []
        for listen in listens:
            service = services[listen.service]
            front = Front(listen.account, apis[listen.service], service, tokens, gate, delays, record)
            runner = web.AppRunner(
                front.app(),
                access_log=None,
                auto_decompress=False,
                keepalive_timeout=_CLIENT_IDLE_SECONDS,
            )
            await runner.setup()
            await web.TCPSite(runner, host, listen.port).start()
            runners.append(runner)
        await stop.wait()
        for runner in runners:
            await runner.cleanup()


if __name__ == "__main__":
    main()
