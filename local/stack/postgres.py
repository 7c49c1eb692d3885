"""Making Airflow's database."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from local.stack.parts import postgres_bin, postgres_data, postgres_user
from local.stack.settings import Settings, StackError


def prepare(settings: Settings, socket_dir: Path, say: Callable[[str], None]) -> None:
    """Create the socket's folder and, once, the database's; both belong to the user that Postgres runs as.

    Raises:
        StackError: Postgres could not make its folder; its own words are in the message.
    """
    data = postgres_data(settings)
    socket_dir.mkdir(exist_ok=True)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    if os.geteuid() == 0:
        for folder in (data, postgres_bin()):
            let_pass(folder, say)
        for folder in (data, socket_dir):
            shutil.chown(folder, postgres_user())
    if (data / "PG_VERSION").exists():
        return
    command = [
        str(postgres_bin() / "initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
    ]
    user = pwd.getpwnam(postgres_user()) if os.geteuid() == 0 else None
    done = subprocess.run(
        command,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(data)
        raise StackError(f"Postgres could not make its folder {data}:\n{done.stdout}{done.stderr}")


def let_pass(folder: Path, say: Callable[[str], None]) -> None:
    """Let other users pass through the folders above one, without letting them look into these."""
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            say(f"root may not run Postgres: letting {postgres_user()} pass through {parent}")
            parent.chmod(mode | 0o001)
