"""``python -m deploy.infrastructure plan|deploy --project my-project``: see the package's own description."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.console import REPOSITORY, CommandError, confirm, failed, say
from deploy.settings import Settings, SettingsError, checked_project, load_settings
from tiny_operators.stores import StoresError, load_stores

from .gcloud import Gcloud
from .terraform import FIRST, Terraform
from .values import ensure_values

_FOLDER: Final = REPOSITORY / "deploy" / "terraform"
# What Terraform itself asks before it can enable any API.
_BEFORE: Final = ("serviceusage", "cloudresourcemanager")


def main(words: Sequence[str] | None = None, folder: Path = _FOLDER) -> int:
    """Plan or deploy.

    Args:
        words: The arguments; by default those of the command line.
        folder: The Terraform files.

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
        gcloud, terraform = Gcloud.found(project), Terraform.found(folder, project)
        if given.command == "plan":
            _plan(gcloud, terraform, settings)
            say(f"\nNothing was changed. Next: make deploy PROJECT={project}")
        else:
            _deploy(gcloud, terraform, settings, prefixes, yes=given.yes)
    except CommandError as error:
        return failed(str(error), 1)
    return 0


def _plan(gcloud: Gcloud, terraform: Terraform, settings: Settings) -> str | None:
    """Show what would be done; the bucket of the state, if it is to be created."""
    bucket = settings.bucket(gcloud.project, "state")
    say(f"Looking at {gcloud.project}, and comparing it with deploy/terraform. This changes nothing.")
    if terraform.own_backend:
        terraform.begin(None)
        missing = None
    elif gcloud.bucket_exists(bucket):
        terraform.begin(bucket)
        missing = None
    else:
        say("Terraform has no state of this project yet, so the plan is that of an empty one.")
        terraform.begin(None)
        missing = bucket
    terraform.plan()
    return missing


def _deploy(
    gcloud: Gcloud, terraform: Terraform, settings: Settings, prefixes: Sequence[str], *, yes: bool
) -> None:
    project = gcloud.project
    missing = _plan(gcloud, terraform, settings)
    say(f"\nThis will be done in {project}:")
    if missing:
        say(f"- create gs://{missing}, for Terraform's state")
    say("- enable the APIs, and create the secrets")
    say(
        "- draw the secret of each receiver's address, and ask for the token of Tiny's API, where they have no value"
    )
    say("- create or change what the plan above shows; a new environment takes 25 to 45 minutes")
    confirm("Do it?", yes=yes)
    gcloud.enable_apis(_BEFORE)
    if missing:
        gcloud.create_state_bucket(missing, settings.region)
        terraform.begin(missing)
    terraform.apply(FIRST)
    empty = ensure_values(gcloud, prefixes)
    terraform.apply()
    _next(project, terraform, prefixes, empty)


def _next(project: str, terraform: Terraform, prefixes: Sequence[str], empty: Sequence[str]) -> None:
    say("\nDone. What there is now:")
    outputs = terraform.outputs()
    for name, value in outputs.items():
        say(f"  {name}: {value}")
    say("\nNext:")
    for secret in empty:
        say(f"- give {secret} a value: run make deploy again in a terminal, which asks for the token")
    say(f"- make release PROJECT={project}     # the code")
    say(f"- make rehearse PROJECT={project}    # tries what only Google can tell")
    say("- give Tiny the address of each store's receiver, which this prints (it holds a secret):")
    for prefix in prefixes:
        secret = f"$(gcloud secrets versions access latest --secret tiny-webhook-secrets-{prefix} --project {project})"
        say(f'    echo "{outputs.get("receiver", "RECEIVER")}/{secret}"')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.infrastructure",
        description="Create what the pipeline needs in a project, by Terraform or OpenTofu.",
    )
    parser.add_argument("command", choices=("plan", "deploy"))
    parser.add_argument("--project", required=True, help="id of the Google Cloud project")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


if __name__ == "__main__":
    sys.exit(main())
