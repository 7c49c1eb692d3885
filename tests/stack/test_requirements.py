"""The package lists: Composer's rules for the one that it reads, and what a lock must and must not hold."""

import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

REPO = Path(__file__).resolve().parents[2]
LOCKS = [*sorted((REPO / "requirements").glob("*.txt")), REPO / "webhook" / "requirements.lock.txt"]


def composer_lines() -> list[str]:
    lines = (REPO / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def pinned_versions(lock: str) -> dict[str, str]:
    text = (REPO / "requirements" / f"{lock}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("line", composer_lines())
def test_composer_takes_the_line(line: str) -> None:
    assert line == line.strip()
    assert "#" not in line, "a comment behind a name"
    assert not line.startswith("-"), "an option"
    requirement = Requirement(line)
    assert requirement.marker is None
    assert requirement.url is None
    assert requirement.name == requirement.name.lower()


def test_composer_list_names_nothing_twice_and_all_that_is_imported() -> None:
    names = [Requirement(line).name for line in composer_lines()]
    assert len(names) == len(set(names))
    assert {
        "apache-airflow",
        "apache-airflow-providers-common-compat",
        "apache-airflow-providers-google",
        "apache-airflow-providers-http",
        "apache-airflow-providers-standard",
        "google-cloud-storage",
        "pendulum",
        "requests",
    } == set(names)


def test_each_floor_says_why() -> None:
    lines = (REPO / "requirements.txt").read_text().splitlines()
    for above, line in itertools.pairwise(lines):
        if line.startswith(("apache-airflow", "google-")):
            assert ">=" in line
            assert above.startswith("# "), line


def test_a_release_never_names_airflow_itself() -> None:
    """The command in the documentation leaves out that line, and no other."""
    (command,) = re.findall(
        r"^grep .* requirements\.txt", (REPO / "docs" / "operations.md").read_text(), re.MULTILINE
    )
    released = subprocess.run(
        ["bash", "-c", command], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    every = composer_lines()
    assert [line for line in every if line not in released] == [every[0]]
    assert Requirement(every[0]).name == "apache-airflow"
    assert [line for line in released if line and not line.startswith("#")] == every[1:]


@pytest.mark.parametrize("image", ["2.11", "3"])
def test_composers_list_changes_nothing_on_the_oldest_images(image: str) -> None:
    """What an image brings satisfies each line as it is: pip installs nothing, and takes no newer Airflow."""
    found = pinned_versions(f"image-{image}")
    brings = {**found, "apache-airflow": f"{found['apache-airflow']}+composer"}
    for requirement in map(Requirement, composer_lines()):
        assert requirement.specifier.contains(brings[requirement.name]), requirement.name
    assert found["apache-airflow"] == {"2.11": "2.11.1", "3": "3.1.7"}[image]
    # apache-beam, which the images bring, allows nothing else.
    assert found["google-cloud-storage"].startswith("2.")


@pytest.mark.parametrize("package", ["common-compat", "google", "http", "standard"])
def test_a_floor_is_what_the_oldest_image_brings(package: str) -> None:
    name = f"apache-airflow-providers-{package}"
    (requirement,) = (line for line in map(Requirement, composer_lines()) if line.name == name)
    oldest = min(Version(pinned_versions(f"image-{image}")[name]) for image in ("2.11", "3"))
    assert [str(part) for part in requirement.specifier] == [f">={oldest}"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(REPO)))
def test_lock_is_exact_hashed_and_free_of_places(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"[a-z]+://|--(extra-)?index|--find-links|(^|\s)/", text), "a host or a path"
    blocks = re.split(
        r"\n(?=\S)", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    )
    pinned = [block for block in blocks if block.strip()]
    assert pinned
    for block in pinned:
        assert re.match(r"[a-z0-9._-]+==\S+", block), block[:80]
        assert "--hash=sha256:" in block, block[:80]


def test_lock_of_chromium_is_exact_hashed_and_free_of_places() -> None:
    lock = json.loads((REPO / "requirements" / "browser" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert "node_modules/@sparticuz/chromium" in packages
    for name, package in packages.items():
        assert re.fullmatch(r"[0-9.]+", package["version"]), name
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


@pytest.mark.parametrize("airflow", ["2.11", "3"])
def test_airflow_lock_satisfies_composers_list(airflow: str) -> None:
    versions = pinned_versions(f"airflow-{airflow}")
    for requirement in map(Requirement, composer_lines()):
        assert requirement.specifier.contains(versions[requirement.name]), requirement.name


def test_emulators_duckdb_is_the_one_its_extensions_are_made_for() -> None:
    versions = dict(
        re.findall(r"^(duckdb[a-z-]*)==(\S+)", (REPO / "requirements" / "bigquery.txt").read_text(), re.M)
    )
    assert len(versions) == 4
    assert len(set(versions.values())) == 1, versions
