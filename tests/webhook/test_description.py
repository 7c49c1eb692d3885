"""The running receiver against its own description, webhook/openapi.yaml, by generated requests."""

import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.webhook.conftest import Receiver, StartReceiver

pytestmark = pytest.mark.stack

REPO = Path(__file__).resolve().parents[2]
SCHEMATHESIS = REPO / ".local" / "venv" / "fuzz" / "bin" / "schemathesis"
SECRET = "some-secret-0123456789"
AS_DESCRIBED = "status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"


@pytest.fixture(scope="module")
def locked(start_receiver: "StartReceiver") -> "Receiver":
    return start_receiver(WEBHOOK_SECRETS=SECRET, WEBHOOK_MAX_BYTES="4096")


def hold(url: str, folder: Path, checks: str, phases: str, examples: int) -> None:
    """Hold a receiver's answers against the description; fails with what differs."""
    if not SCHEMATHESIS.exists():
        raise RuntimeError("no schemathesis: run the tests by make test")
    options = {
        "--url": url,
        "--checks": checks,
        "--phases": phases,
        "--max-examples": str(examples),
        "--seed": "1",
    }
    command = [str(SCHEMATHESIS), "run", str(REPO / "webhook" / "openapi.yaml"), "--no-color"]
    done = subprocess.run(
        [*command, *(word for option in options.items() for word in option)],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()[-5000:] + done.stderr.decode()[-1000:]


def statuses(receiver: "Receiver") -> Counter[object]:
    return Counter(event["status"] for event in receiver.events() if "status" in event)


@pytest.mark.parametrize(
    ("phases", "examples"), [("fuzzing", 20), ("examples,coverage,fuzzing", 200)], ids=["some", "many"]
)
def test_answers_are_as_described(locked: "Receiver", tmp_path: Path, phases: str, examples: int) -> None:
    before = statuses(locked)
    for url in (f"{locked.url}/{SECRET}", locked.url):
        hold(url, tmp_path, f"not_a_server_error,{AS_DESCRIBED}", phases, examples)
    answered = statuses(locked) - before
    assert min(answered[200], answered[404]) > examples


def test_answers_without_the_object_store_are_as_described(
    start_receiver: "StartReceiver", tmp_path: Path
) -> None:
    receiver = start_receiver(WEBHOOK_SECRETS=SECRET, STORAGE_EMULATOR_HOST="http://")
    # To schemathesis any 5xx is an error of the server, also one that is described.
    hold(f"{receiver.url}/{SECRET}", tmp_path, AS_DESCRIBED, "fuzzing", 3)
    assert statuses(receiver)[503] > 0
