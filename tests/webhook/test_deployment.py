"""The folder that the receiver's page lets people deploy: it starts there, with the stores beside it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.webhook.conftest import free_port, outer_environment, running

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


def test_what_is_deployed_starts(gcs: "Gcs", tmp_path: Path) -> None:
    deployed(tmp_path)
    assert (tmp_path / "requirements.txt").read_bytes() == (
        REPO / "webhook" / "requirements.lock.txt"
    ).read_bytes()
    kind, _, command = (tmp_path / "Procfile").read_text(encoding="utf-8").strip().partition(": ")
    program, *words = command.split()
    assert (kind, program) == ("web", "python")
    # Cloud Run says which port; here it listens on this machine only.
    assert words.count("0.0.0.0") == 1
    words = [word.replace("0.0.0.0", "127.0.0.1") for word in words]
    port = free_port()
    environment = {
        **outer_environment(),
        "PORT": str(port),
        "WEBHOOK_SECRETS": SECRET,
        "STORAGE_EMULATOR_HOST": gcs.receiver_url,
    }
    environment.pop("PYTHONPATH", None)
    with running([sys.executable, *words], environment, tmp_path / "output.log", port, folder=tmp_path):
        assert requests.get(f"http://127.0.0.1:{port}/{SECRET}", timeout=60).json() == {"status": "ready"}
        assert requests.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 404
