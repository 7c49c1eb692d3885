"""What the commands of this folder share: saying, asking once, and running other programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]


class CommandError(RuntimeError):
    """A command cannot go on; the message says why, and what to do."""


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def failed(message: str, code: int) -> int:
    """Print why a command ends, where errors go, and return the code that it ends with."""
    sys.stderr.write(f"{message}\n")
    return code


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person, once; without a person, ``--yes`` answers.

    Raises:
        CommandError: When the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody is there to ask: say ARGS=--yes")
    if input(f"{question} [y/N] ").strip().lower() not in {"y", "yes", "s", "sim"}:
        raise CommandError("nothing was done")


def find_program(*names: str, hint: str) -> str:
    """Return the first of some programs that is installed.

    Raises:
        CommandError: When none is; the message says how to get one.
    """
    for name in names:
        if found := shutil.which(name):
            return found
    raise CommandError(f"{' or '.join(names)} is not installed: {hint}")


def run(
    words: Sequence[str],
    *,
    why: str,
    environment: Mapping[str, str] | None = None,
    given: str | None = None,
    folder: Path | None = None,
) -> str:
    """Run a program, and return what it prints.

    Args:
        words: The program and its arguments.
        why: What it is for, for the message when it fails.
        environment: What is added to the environment.
        given: Its standard input.
        folder: Where it runs.

    Raises:
        CommandError: When it fails; the message has what it printed.
    """
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(
            f"cannot {why}: {Path(words[0]).name} says:\n{(done.stderr or done.stdout).strip()}"
        )
    return done.stdout


def answer(words: Sequence[str]) -> tuple[int, str]:
    """Run a program; its exit code, and all that it prints."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, f"{done.stdout}\n{done.stderr}".strip()


def show(words: Sequence[str], *, why: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a program whose output a person sees.

    Raises:
        CommandError: When it fails.
    """
    done = subprocess.run(words, env={**os.environ, **(environment or {})}, check=False)
    if done.returncode:
        raise CommandError(f"cannot {why}: see what {Path(words[0]).name} says above")
