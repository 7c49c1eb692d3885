"""``python -m deploy.rehearse --project my-project``: see the package's own description."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tiny_operators.stores import Store

    from .rights import Connect
    from .steps import Steps

_PACKAGES: Final = Path(__file__).resolve().parents[2] / "plugins"
_AIRFLOW: Final = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    # A step says what it saw; what the operators log beside it would hide that.
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
    "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true",
}
_EMULATORS: Final = ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")
HELD, FAILED, UNUSABLE = 0, 1, 2


def main(words: Sequence[str] | None = None, connect: Connect | None = None) -> int:
    """Rehearse, and print what was found.

    Args:
        words: The arguments; by default those of the command line.
        connect: Gives the clients of an account; by default Google's own.

    Returns:
        0 when all held, 1 when something did not, 2 when the arguments or the credentials cannot be used.
    """
    given = _parser().parse_args(words)
    _prepare()
    from google.auth.exceptions import GoogleAuthError

    from tiny_operators.stores import StoresError, load_stores

    from . import connection
    from .rights import account_names

    logging.disable(logging.WARNING)
    try:
        stores = load_stores()
        store = _store(stores, given.store)
        if given.bucket in {other.webhook_bucket for other in stores}:
            raise _UsageError(f"--bucket {given.bucket} is an inbox: whatever lies in it is taken for a sale")
        accounts = _accounts(given.impersonate, account_names())
        connection.use_project(given.project)
        location = given.location or store.location
        as_account = connect or (lambda _, email: connection.connect(location, email))
        return _rehearse(given, store, location, accounts, as_account)
    except (StoresError, _UsageError) as error:
        return _unusable(str(error))
    except GoogleAuthError as error:
        return _unusable(
            f"Google's credentials cannot be used: {' '.join(str(error).split())}. Run: gcloud auth "
            f"application-default login; gcloud auth application-default set-quota-project {given.project}"
        )
    finally:
        logging.disable(logging.NOTSET)


class _UsageError(ValueError):
    """An argument cannot be used; the message says which, and what is expected."""


def _rehearse(
    given: argparse.Namespace, store: Store, location: str, accounts: dict[str, str], connect: Connect
) -> int:
    from google.auth.exceptions import GoogleAuthError

    from .rehearsal import Rehearsal
    from .report import exit_code, report
    from .scratch import Scratch, scratch_store
    from .steps import Steps

    name = f"rehearsal_{uuid.uuid4().hex[:8]}"
    scratch = Scratch(scratch_store(store, name, location), connect("", None))
    steps = Steps(given.project, _say)
    _say(f"Rehearsal of store {store.prefix} on project {given.project}; scratch things are named {name}")
    for variable in _EMULATORS:
        if address := os.environ.get(variable):
            _say(f"This is not Google: {variable} is {address}")
    rehearsal = Rehearsal(store, scratch, steps, connect, given.bucket, accounts)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        rehearsal.run()
    except KeyboardInterrupt:
        _ended(steps, "interrupted: what came after was not tried")
    except GoogleAuthError as error:
        if not steps.outcomes:
            raise
        _ended(steps, f"the credentials are not valid any more: {error}")
    finally:
        if steps.outcomes:
            rehearsal.tidy(keep=given.keep)
        signal.signal(signal.SIGTERM, before)
    _say("")
    _say(report(steps.outcomes))
    return exit_code(steps.outcomes)


def _ended(steps: Steps, why: str) -> None:
    from .report import Outcome, Result, Said

    steps.add(Outcome("rehearsal", Result.FAILED, Said(why), "rehearse again"))


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _store(stores: Sequence[Store], prefix: str | None) -> Store:
    known = {store.prefix: store for store in stores}
    if prefix is not None and prefix not in known:
        raise _UsageError(f"--store {prefix}: include/stores.yaml has {', '.join(known)}")
    return known[prefix] if prefix else stores[0]


def _accounts(given: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given:
        account, _, email = text.partition("=")
        if account not in known or "@" not in email:
            raise _UsageError(f"--impersonate {text}: expected ACCOUNT=EMAIL, with one of {', '.join(known)}")
        found[account] = email
    return found


def _prepare() -> None:
    """Let Python find the package, and Airflow work without an environment of its own."""
    if str(_PACKAGES) not in sys.path:
        sys.path.append(str(_PACKAGES))
    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="rehearsal-"))
    for name, value in _AIRFLOW.items():
        os.environ.setdefault(name, value)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _unusable(message: str) -> int:
    sys.stderr.write(f"rehearse: {message}\n")
    return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.rehearse",
        description="Try on a real project what the pipeline will do there, in scratch things that are removed again.",
    )
    parser.add_argument("--project", required=True, help="id of the Google Cloud project")
    parser.add_argument("--store", help="prefix of the store in include/stores.yaml (default: the first)")
    parser.add_argument("--location", help="where datasets and jobs are (default: that of the store)")
    parser.add_argument("--bucket", help="a bucket for scratch files (default: the store's, or a new one)")
    parser.add_argument(
        "--impersonate",
        action="append",
        default=[],
        metavar="ACCOUNT=EMAIL",
        help="try the rights of airflow, setup, receiver or reader as that service account; as often as needed",
    )
    parser.add_argument("--keep", action="store_true", help="leave the scratch things there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
