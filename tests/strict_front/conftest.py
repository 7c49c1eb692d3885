"""The rules, started once for all tests of them; and the services, through the front and to the emulators alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.strict_front.asking import Rules, asked
from tests.strict_front.plain_requests import Bq, Gcs


@pytest.fixture(scope="session")
def rules() -> Iterator[Rules]:
    with asked() as found:
        yield found


@pytest.fixture(scope="module")
def bq(emulators: dict[str, str]) -> Bq:
    return Bq(emulators["BIGQUERY_EMULATOR_HOST"])


@pytest.fixture(scope="module")
def bq_alone(emulators: dict[str, str]) -> Bq:
    return Bq(emulators["BIGQUERY_WITHOUT_FRONT"])


@pytest.fixture
def gcs(emulators: dict[str, str]) -> Gcs:
    return Gcs(emulators["STORAGE_EMULATOR_HOST"])


@pytest.fixture
def gcs_alone(emulators: dict[str, str]) -> Gcs:
    return Gcs(emulators["STORAGE_WITHOUT_FRONT"])
