"""Real simulators on real sockets."""

from collections.abc import Iterator

import pytest

from local.stack.settings import free_port
from local.tiny_simulator.server import Server
from local.tiny_simulator.settings import PROFILES, Settings
from local.tiny_simulator.simulator import Simulator
from tests.simulator.client import TOKEN, Tiny
from tests.simulator.shops import Clock, make_shop


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tiny(clock: Clock) -> Iterator[Tiny]:
    """A shop with nine days of history, plain, whose time stands still."""
    shop = make_shop(days=9)
    shop.clock = clock
    simulator = Simulator(shop, TOKEN, Settings(quirks=PROFILES["plain"]), clock=clock)
    with Server(simulator, free_port()) as server:
        yield Tiny(server)
