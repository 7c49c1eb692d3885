"""The commands by which a secret is changed, as the receiver's page has them: no event is lost between them."""

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.webhook.conftest import StartReceiver

pytestmark = pytest.mark.stack

PAGE = Path(__file__).resolve().parents[2] / "webhook" / "README.md"
OLD = "old-secret-0123456789"
# Secret Manager's versions are files; what Cloud Run is told is a log.
GCLOUD = """#!/usr/bin/env bash
set -euo pipefail
echo "$*" >> "$FOLDER/calls"
case "$*" in
  "secrets versions access latest --secret "*) cat "$FOLDER/$6/$(ls "$FOLDER/$6" | sort -n | tail -1)" ;;
  "secrets versions add "*" --data-file=-") cat > "$FOLDER/new"; mv "$FOLDER/new" "$FOLDER/$4/$(( $(ls "$FOLDER/$4" | wc -l) + 1 ))" ;;
  "run services update tiny-webhook --region "*" --update-secrets "*) ;;
  "run services describe tiny-webhook --region "*) echo https://tiny-webhook.example ;;
  *) echo "unknown: $*" >&2; exit 2 ;;
esac
"""


def blocks() -> list[str]:
    """The two steps."""
    section = PAGE.read_text(encoding="utf-8").partition("## Change a secret\n")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def run(block: str, folder: Path) -> str:
    """Run a step as a person does who copies it; returns what it prints."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "gcloud"
    program.write_text(GCLOUD, encoding="utf-8")
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "FOLDER": str(folder)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], env=environment, capture_output=True, check=True
    )
    return done.stdout.decode()


def latest(secret: Path) -> str:
    """The newest version, as Cloud Run gives it to the program."""
    return max(secret.iterdir(), key=lambda path: int(path.name)).read_text(encoding="utf-8")


@pytest.mark.parametrize("variable", ["WEBHOOK_SECRETS", "WEBHOOK_SECRETS_Z316"])
@pytest.mark.parametrize("before", [OLD, f"{OLD}\n", f"{OLD},even-older-0123456789\n"])
def test_an_event_is_let_in_at_every_step(
    start_receiver: "StartReceiver", tmp_path: Path, variable: str, before: str
) -> None:
    secret = tmp_path / "tiny-webhook-secrets"
    secret.mkdir()
    (secret / "1").write_text(before, encoding="utf-8")
    first, second = (
        block.replace("VARIABLE=WEBHOOK_SECRETS\n", f"VARIABLE={variable}\n") for block in blocks()
    )

    address = run(first, tmp_path).splitlines()[-1]
    new = address.removeprefix("https://tiny-webhook.example/")
    both = start_receiver(**{variable: latest(secret)})
    assert {both.post(b"x", f"/{each}").status_code for each in (new, *before.strip().split(","))} == {200}

    run(second, tmp_path)
    after = start_receiver(**{variable: latest(secret)})
    assert after.post(b"x", f"/{new}").status_code == 200
    assert {after.post(b"x", f"/{each}").status_code for each in before.strip().split(",")} == {404}
    updates = [
        call
        for call in (tmp_path / "calls").read_text().splitlines()
        if call.startswith("run services update")
    ]
    assert (
        updates
        == [
            f"run services update tiny-webhook --region southamerica-east1 --update-secrets {variable}=tiny-webhook-secrets:latest"
        ]
        * 2
    )
