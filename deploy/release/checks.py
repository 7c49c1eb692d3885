"""What must hold before a release: style, and that the DAGs are read on the packages of the oldest image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.console import CommandError, run, say


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: As people read it.
        words: The command.
    """

    name: str
    words: tuple[str, ...]


def checks_of(airflow: str) -> tuple[Check, ...]:
    """Return the checks of a release.

    Args:
        airflow: The Airflow of the environment: 2.11 or 3.
    """
    return (
        Check("style", ("make", "lint")),
        Check(
            f"the DAGs, as on the oldest image of Airflow {airflow}",
            ("make", "test-image", f"AIRFLOW={airflow}", "ARGS=tests/dags/test_policy.py"),
        ),
    )


def hold(checks: Sequence[Check], repository: Path) -> None:
    """Run the checks.

    Raises:
        CommandError: When one fails; the message has what it printed.
    """
    for check in checks:
        say(f"checking {check.name}: {' '.join(check.words)}")
        try:
            # Not with the variables of the make that runs this.
            run(check.words, why=f"release: {check.name}", folder=repository, environment={"MAKEFLAGS": ""})
        except CommandError as error:
            raise CommandError(f"{error}\n-> mend that first; nothing was released") from error


def version_of_commit(repository: Path, package_version: str) -> str:
    """Return what a release is called: the version of the package, and the commit that it is made from.

    A folder without git, such as an unpacked archive, has the version alone.
    """
    git = ["git", "-C", str(repository)]
    try:
        commit = run([*git, "rev-parse", "--short=10", "HEAD"], why="ask git").strip()
        changed = run(
            [*git, "status", "--porcelain", "--", "dags", "plugins", "include"], why="ask git"
        ).strip()
    except (CommandError, OSError):
        return package_version
    return f"{package_version}+{commit}{'.changed' if changed else ''}"
