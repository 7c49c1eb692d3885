"""The rules, started once for all tests of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.strict_front.asking import Rules, asked


@pytest.fixture(scope="session")
def rules() -> Iterator[Rules]:
    with asked() as found:
        yield found
