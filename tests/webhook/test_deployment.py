"""The folder that the receiver's page lets people deploy: it starts there, with the stores beside it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from local.stack.settings import free_port
from tests.webhook.conftest import outer_environment, running

if TYPE_CHECKING:
    from tests.webhook.conftest import Gcs

pytestmark = pytest.mark.stack

REPO = Path(__file__).resolve().parents[2]
SECRET = "some-secret-0123456789"


def deployed(folder: Path) -> None:
    """Fill a folder by the commands of the page."""
    page = (REPO / "webhook" / "README.md").read_text(encoding="utf-8")
    commands = re.search(r"^SOURCE=\$\(mktemp -d\)\n(.*?)^gcloud run deploy", page, re.MULTILINE | re.DOTALL)
    assert commands
    environment = {**os.environ, "SOURCE": str(folder)}
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands[1]], cwd=REPO, env=environment, check=True)


def answers(command: list[str], folder: Path, gcs: "Gcs") -> None:
    """Run what is deployed in its folder, and try it."""
    port = free_port()
    environment = {
        **outer_environment(),
        # Cloud Run says which port.
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "WEBHOOK_SECRETS": SECRET,
        "STORAGE_EMULATOR_HOST": gcs.receiver_url,
    }
    environment.pop("PYTHONPATH", None)
    with running([sys.executable, *command], environment, folder / "output.log", port, folder=folder):
        answer = requests.get(f"http://127.0.0.1:{port}/{SECRET}", timeout=60)
        assert answer.json() == {"status": "ready"}
        # No other server's header.
        assert "server" not in answer.headers
        assert requests.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 404


def test_what_is_deployed_starts(gcs: "Gcs", tmp_path: Path) -> None:
    deployed(tmp_path)
    lock = (REPO / "webhook" / "requirements.lock.txt").read_bytes()
    assert (tmp_path / "requirements.txt").read_bytes() == lock
    kind, _, command = (tmp_path / "Procfile").read_text(encoding="utf-8").strip().partition(": ")
    program, *words = command.split()
    assert (kind, program) == ("web", "python")
    # Here it listens on this machine only.
    assert words.count("0.0.0.0") == 1
    answers([word.replace("0.0.0.0", "127.0.0.1") for word in words], tmp_path, gcs)


def test_what_is_deployed_as_a_function_starts(gcs: "Gcs", tmp_path: Path) -> None:
    deployed(tmp_path)
    shutil.copy(REPO / "webhook" / "function" / "main.py", tmp_path)
    answers(["-m", "functions_framework", "--target", "receive"], tmp_path, gcs)
