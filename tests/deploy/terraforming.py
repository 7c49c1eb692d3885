"""What the tests of the Terraform share: the check in its own environment, and plans by the real Terraform with stand-ins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

REPO: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = REPO / "deploy" / "terraform"
PROJECT: Final = "my-project"
_PYTHON: Final = REPO / ".local" / "venv" / "deploy" / "bin" / "python"
_PROGRAM: Final = shutil.which("terraform") or shutil.which("tofu")
# Whoever has a configuration of their own, it is not read here.
_QUIET: Final = {"TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}

needs_terraform = pytest.mark.skipif(_PROGRAM is None, reason="neither Terraform nor OpenTofu is installed")


def checked(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a module of the environment that has the parser."""
    command = [str(_PYTHON), *map(str, words)]
    env = {"PYTHONPATH": str(REPO), "PATH": os.environ["PATH"]}
    return subprocess.run(
        command, cwd=REPO, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def terraform(folder: Path, *words: str) -> str:
    """Run Terraform in a folder."""
    command, env = [str(_PROGRAM), *words], {**os.environ, **_QUIET}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@dataclass(frozen=True)
class Planned:
    """What Terraform would create."""

    values: dict[str, Any]

    def of(self, kind: str) -> dict[str, Any]:
        """All of one type, by name and key."""
        found = {}
        for address, value in self.values.items():
            resource, _, rest = address.partition("__")
            if resource == kind:
                found[rest] = value
        return found


def planned(
    folder: Path, *, stores: list[dict[str, Any]] | None = None, settings: dict[str, Any] | None = None
) -> Planned:
    """Plan with other stores or settings, by stand-ins of the providers' resources.

    Args:
        folder: An empty folder.
        stores: The stores; by default those of the repository.
        settings: What differs from ``deploy/settings.yaml``.
    """
    stand_ins(folder, stores=stores, settings=settings)
    here = folder / "deploy" / "terraform"
    terraform(here, "init", "-input=false")
    terraform(here, "plan", "-input=false", f"-var=project={PROJECT}", "-out=plan")
    plan = json.loads(terraform(here, "show", "-json", "plan"))
    resources = plan["planned_values"]["root_module"]["resources"]
    return Planned({r["address"].removeprefix("terraform_data."): r["values"]["input"] for r in resources})


def stand_ins(
    folder: Path, *, stores: list[dict[str, Any]] | None = None, settings: dict[str, Any] | None = None
) -> None:
    """Lay out a repository whose Terraform is made of stand-ins."""
    for name in ("dags", "webhook", "requirements.txt"):
        (folder / name).symlink_to(REPO / name)
    (folder / "deploy").mkdir()
    shutil.copy(REPO / "deploy" / "platform.yaml", folder / "deploy")
    chosen = yaml.safe_load((REPO / "deploy" / "settings.yaml").read_text()) | (settings or {})
    (folder / "deploy" / "settings.yaml").write_text(yaml.safe_dump(chosen))
    (folder / "include").mkdir()
    if stores is None:
        shutil.copy(REPO / "include" / "stores.yaml", folder / "include")
    else:
        (folder / "include" / "stores.yaml").write_text(yaml.safe_dump({"stores": stores}))
    done = checked("-m", "deploy.terraform_check.standin", FOLDER, folder / "deploy" / "terraform")
    assert done.returncode == 0, done.stderr


def a_store(prefix: str, number: int, **more: Any) -> dict[str, Any]:
    """A store of its own."""
    return {
        "prefix": prefix,
        "name": f"Loja {prefix}",
        "cnpj": f"{11222333000100 + number}",
        "timezone": "America/Sao_Paulo",
        "location": "southamerica-east1",
        "webhook_bucket": f"{prefix}-in",
        "api_bucket": f"{prefix}-api",
        "dataset": f"{prefix}_tiny",
        "staging_dataset": f"{prefix}_staging",
        **more,
    }
