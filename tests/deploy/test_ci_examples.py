"""The examples for CI: what they run exists, on both Airflows; without keys; and a release is of main alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.stack.settings import AIRFLOWS

REPO = Path(__file__).resolve().parents[2]
FOLDER = REPO / "deploy" / "ci"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
GITHUB: dict[str, Any] = yaml.safe_load((FOLDER / "github-actions.yaml").read_text(encoding="utf-8"))
PLAN, RELEASE = (
    yaml.safe_load((FOLDER / f"cloudbuild-{kind}.yaml").read_text(encoding="utf-8"))
    for kind in ("plan", "release")
)
CHECKS = {"lint", "lint-deploy", "types", "test", "test-image"}


def made(text: object) -> set[str]:
    """The targets of make that a part of an example runs (and not the package of that name that it installs)."""
    return set(re.findall(r"(?<!-y )\bmake ([a-z][a-z-]*)", str(text).replace("\\n", "\n")))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_each_target_exists(file: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    text = re.sub(r"^\s*#.*$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert made(text) >= CHECKS
    assert made(text) <= targets


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_no_key_is_used(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"credentials_json|secrets\.|GOOGLE_APPLICATION_CREDENTIALS|secretEnv", text)


def test_tests_run_on_both_airflows() -> None:
    assert tuple(GITHUB["jobs"]["tests"]["strategy"]["matrix"]["airflow"]) == AIRFLOWS
    for build in (PLAN, RELEASE):
        found = [step["env"] for step in build["steps"] if "env" in step]
        assert found == [[f"AIRFLOW={version}"] for version in AIRFLOWS]


def test_a_pull_request_gets_a_plan_and_main_a_release() -> None:
    jobs = GITHUB["jobs"]
    assert made(jobs["plan"]) == {"plan"}
    assert made(jobs["release"]) == {"release"}
    assert made(PLAN) == CHECKS | {"plan"}
    assert made(RELEASE) == CHECKS | {"release"}
    assert jobs["plan"]["if"].startswith("github.event_name == 'pull_request' && ")
    assert jobs["release"]["if"] == "github.event_name == 'push' && github.ref == 'refs/heads/main'"


def test_a_release_waits_for_all_checks() -> None:
    jobs = GITHUB["jobs"]
    assert made([jobs[name] for name in jobs["release"]["needs"]]) == CHECKS
    names = [step["id"] for step in RELEASE["steps"]]
    assert names[-1] == "release"
    assert not any(step.get("allowFailure") or step.get("waitFor") for step in RELEASE["steps"])


def test_only_jobs_that_sign_in_to_google_get_an_identity() -> None:
    assert GITHUB["permissions"] == {"contents": "read"}
    for name, job in GITHUB["jobs"].items():
        signs_in = any("google-github-actions/auth" in step.get("uses", "") for step in job["steps"])
        expected = {"contents": "read", "id-token": "write"} if signs_in else None
        assert job.get("permissions") == expected, name
        assert signs_in == (name in {"plan", "release"})


def test_the_accounts_are_those_that_the_page_makes() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(tiny-ci-\w+)@", (FOLDER / "github-actions.yaml").read_text(encoding="utf-8")))
    assert named == set(re.findall(r"service-accounts create (\S+)", page))
    for kind in ("plan", "release"):
        assert f"deploy/ci/cloudbuild-{kind}.yaml" in page
