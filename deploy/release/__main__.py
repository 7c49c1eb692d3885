"""``python -m deploy.release --project my-project``: see the package's own description."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client

from deploy.console import REPOSITORY, CommandError, confirm, failed, find_program, say
from deploy.settings import Settings, SettingsError, checked_project, load_settings
from tiny_operators import __version__
from tiny_operators.stores import StoresError, load_stores

from .airflow import Airflow
from .bucket import EnvironmentBucket, Kept
from .checks import Check, checks_of, hold, version_of_commit
from .files import Changes, Files, counted, release_files, version_of

# The DAGs of a store that come paused, and that a person starts once; z316_replay waits until it is wanted.
SCHEDULED: Final = ("webhook", "daily", "reconcile", "retention", "watch")


def main(
    words: Sequence[str] | None = None,
    checks: Sequence[Check] | None = None,
    repository: Path = REPOSITORY,
) -> int:
    """Release, or roll back.

    Args:
        words: The arguments; by default those of the command line.
        checks: What must hold before; by default those of the Airflow in the settings.
        repository: Where the code is.

    Returns:
        0 when it was done, 1 when not, 2 when the arguments or settings cannot be used.
    """
    given = _parser().parse_args(words)
    try:
        project, settings = checked_project(given.project), load_settings()
        prefixes = [store.prefix for store in load_stores()]
    except (SettingsError, StoresError) as error:
        return failed(str(error), 2)
    try:
        name = given.bucket or settings.bucket(project)
        bucket = EnvironmentBucket(Client(project=project), name)
        if given.rollback:
            _roll_back(bucket, given)
        else:
            todo = _release(
                bucket, given, checks_of(settings.airflow) if checks is None else checks, repository
            )
            if todo and not given.dry_run:
                airflow = None if given.no_wait else _airflow(project, settings)
                _after(airflow, version_of_commit(repository, __version__), prefixes)
                _next(project, settings, prefixes, setup_ran=airflow is not None)
    except GoogleAPIError as error:
        return failed(
            f"Google Cloud refuses: {error}\n-> mend that and run it again: what was written stays", 1
        )
    except (CommandError, GoogleAuthError) as error:
        return failed(str(error), 1)
    return 0


def _release(
    bucket: EnvironmentBucket, given: argparse.Namespace, checks: Sequence[Check], repository: Path
) -> bool:
    """Put the code there; whether there was anything to do."""
    version = version_of_commit(repository, __version__)
    files = release_files(repository, version)
    current = bucket.current()
    whole = bucket.with_shared(files)
    todo = bucket.changes(whole)
    if not todo:
        say(f"gs://{bucket.name} has {version} already: nothing to do")
        return False
    _show(f"Release {version} into gs://{bucket.name}", current, todo)
    if given.dry_run:
        say("Nothing was changed.")
        return True
    hold(checks, repository)
    confirm("Release it?", yes=given.yes)
    _put(bucket, bucket.keep(files, version, current), whole, todo)
    return True


def _roll_back(bucket: EnvironmentBucket, given: argparse.Namespace) -> None:
    current = bucket.current()
    if current is None or not current.before:
        raise CommandError(f"gs://{bucket.name} has no release before the current one")
    kept, files = bucket.kept(current.before)
    whole = bucket.with_shared(files)
    todo = bucket.changes(whole)
    _show(f"Put {version_of(kept.archive)} back into gs://{bucket.name}", current, todo)
    if given.dry_run:
        say("Nothing was changed.")
        return
    confirm("Put it back?", yes=given.yes)
    _put(bucket, kept, whole, todo)
    say(
        "Tables keep the columns that a later release has added. Next: look whether the runs of the DAGs succeed."
    )


def _show(title: str, current: Kept | None, todo: Changes) -> None:
    lines = list(todo.lines())
    say(f"{title}; there is {version_of(current.archive) if current else 'no release'} now.")
    for line in lines:
        say(f"  {line}")
    say(f"{len(lines)} objects: {counted(lines)}")


def _put(bucket: EnvironmentBucket, kept: Kept, files: Files, todo: Changes) -> None:
    bucket.put(kept, files, todo)
    say(f"gs://{bucket.name} has {version_of(kept.archive)} now, kept as {kept.archive}.")


def _airflow(project: str, settings: Settings) -> Airflow:
    gcloud = find_program(
        "gcloud", hint="or say ARGS=--no-wait, and look yourself whether Airflow reads the code"
    )
    return Airflow(gcloud, project, settings.environment, settings.region)


def _after(airflow: Airflow | None, version: str, prefixes: Sequence[str]) -> None:
    """See what Airflow makes of the code, and let setup add what is new."""
    if airflow is None:
        return
    try:
        airflow.wait_for(version, prefixes)
        for prefix in prefixes:
            airflow.run_setup(prefix)
            say(f"{prefix}_setup was triggered: it adds what is new. Look whether it succeeds.")
    except CommandError as error:
        back = "to put the release before it back, run this again with ARGS=--rollback"
        raise CommandError(f"{error}\n-> the code is in the bucket; {back}") from error


def _next(project: str, settings: Settings, prefixes: Sequence[str], *, setup_ran: bool) -> None:
    where = f"--project {project} --location {settings.region}"
    run = f"gcloud composer environments run {settings.environment} {where} dags"
    say("\nNext:")
    if not setup_ran:
        say("  some minutes later, none of our files may be listed here:")
        say(f"  {run} list-import-errors")
    for prefix in prefixes:
        if not setup_ran:
            say(f"  {run} trigger -- {prefix}_setup")
        say(f"  to start the DAGs of {prefix}, the first time:")
        say(f"  for DAG in {' '.join(SCHEDULED)}; do {run} unpause -- {prefix}_$DAG; done")
    say(f"  if runs fail that did not before: make release PROJECT={project} ARGS=--rollback")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.release", description="Put the code into the bucket of an environment."
    )
    parser.add_argument("--project", required=True, help="id of the Google Cloud project")
    parser.add_argument("--bucket", help="the environment's bucket (default: that of make deploy)")
    doing: Any = parser.add_mutually_exclusive_group()
    doing.add_argument("--dry-run", action="store_true", help="show what would be changed")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for Airflow, and run no setup")
    parser.add_argument("--rollback", action="store_true", help="put the release before the current one back")
    doing.add_argument("--yes", action="store_true", help="do not ask")
    return parser


if __name__ == "__main__":
    sys.exit(main())
