"""What the tests of the rehearsal start from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.deploy.rehearsals import CONNECTION

if TYPE_CHECKING:
    from deploy.rehearse.scratch import Clients
    from tiny_operators.stores import Store


@pytest.fixture
def clients(store: Store) -> Clients:
    from deploy.rehearse import connection

    return connection.connect(store.location)


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rehearsal chooses a project for the whole process."""
    monkeypatch.setenv(CONNECTION, os.environ[CONNECTION])
