"""Takes each fix back, in a copy of the project, and sees that its tests fail: `make test-reverts ARGS="merge roles"`.

All tests run once as everything is: they must pass. Then each fix is taken back alone, and each of its tests must fail
by what it looks at, not because something cannot be imported or started. It ends with 1 when one does not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from local.stack.launcher import running
from local.stack.settings import EMULATORS, Settings
from tests.environment import CLEAN_ENVIRONMENT
from tests.reverts.fixes import REPO, Fix, all_fixes

# What a test says whose program cannot even begin.
_BROKEN = (
    "ImportError",
    "ModuleNotFoundError",
    "SyntaxError",
    "IndentationError",
    "NameError",
    "TemplateSyntaxError",
)
_PASSED, _FAILED = "passed", "failed"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="only fixes in whose names one of these words stands")
    parser.add_argument("--list", action="store_true", help="say which fixes there are, and try none")
    given = parser.parse_args(words)
    fixes = [fix for fix in all_fixes() if not given.names or any(word in fix.name for word in given.names)]
    if given.list or not fixes:
        print("\n".join(fix.name for fix in fixes) or "No fix has such a name: see --list")
        return 0 if fixes else 1
    # Whoever ends it, its stack ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with _copy() as copy, _stack(copy):
        return _try_all(fixes, copy)


def _try_all(fixes: Sequence[Fix], copy: Path) -> int:
    print(f"{len(fixes)} fixes; first, their tests with everything as it is", flush=True)
    wrong = _wrong_now(fixes, copy)
    for number, fix in enumerate(fixes, start=1):
        problem = wrong.get(fix.name) or _problem(fix, copy)
        if problem:
            wrong[fix.name] = problem
        print(f"{number:3}/{len(fixes)}  {'NOT HELD' if problem else 'held':8}  {fix.name}", flush=True)
        print(f"{'':19}{problem or ', '.join(test.partition('::')[2] for test in fix.tests)}", flush=True)
    print(f"{len(fixes) - len(wrong)} of {len(fixes)} fixes are held by their tests")
    return 1 if wrong else 0


def _wrong_now(fixes: Iterable[Fix], copy: Path) -> dict[str, str]:
    """Fixes of which a test does not pass as everything is."""
    chosen = list(fixes)
    results = _run({test for fix in chosen for test in fix.tests}, copy, own_stack=False)
    return {
        fix.name: f"does not pass as it is: {', '.join(bad)}"
        for fix in chosen
        if (bad := [test for test in fix.tests if results[test] != _PASSED])
    }


def _problem(fix: Fix, copy: Path) -> str:
    """Why a fix is not held; an empty text when it is."""
    file = copy / fix.file
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(fix.reverted(text), encoding="utf-8")
    except ValueError as error:
        return str(error)
    try:
        results = _run(fix.tests, copy, own_stack=fix.own_stack)
    finally:
        file.write_text(text, encoding="utf-8")
    return "; ".join(f"{test}: {result}" for test, result in results.items() if result != _FAILED)


def _run(tests: Iterable[str], copy: Path, *, own_stack: bool) -> dict[str, str]:
    """Run tests in the copy; what became of each."""
    wanted, report = sorted(tests), copy / ".local" / "report.xml"
    report.unlink(missing_ok=True)
    environment = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "TESTS_HOME"}
    }
    # A file that changes twice within a second would be taken from the compiled one.
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"} | ({} if own_stack else {"TESTS_HOME": str(_home(copy))})
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short", f"--junitxml={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *wanted],
        cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if not report.exists():
        return dict.fromkeys(wanted, f"did not run: {' '.join(done.stdout.split()[-30:])}")
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    return {test: _result([case for case in cases if _is_of(case, test)]) for test in wanted}


def _is_of(case: ElementTree.Element, test: str) -> bool:
    """Whether a case of the report is one of a test's."""
    file, _, name = test.partition("::")
    same_file = case.get("classname") == file.removesuffix(".py").replace("/", ".")
    return same_file and (case.get("name") == name or str(case.get("name")).startswith(f"{name}["))


def _result(cases: Sequence[ElementTree.Element]) -> str:
    failures = [str(failure.get("message")) for case in cases for failure in case.iter("failure")]
    errors = [str(error.get("message")) for case in cases for error in case.iter("error")]
    if errors or not cases:
        return f"did not run: {' '.join((errors or ['no such test'])[0].split())[:200]}"
    if broken := [text for text in failures if text.split(":")[0].rpartition(".")[2] in _BROKEN]:
        return f"could not begin: {' '.join(broken[0].split())[:200]}"
    if failures:
        return _FAILED
    skipped = [case for case in cases if case.find("skipped") is not None]
    return "skipped" if skipped else _PASSED


def _home(copy: Path) -> Path:
    return copy / ".local" / "tests"


@contextmanager
def _copy() -> Iterator[Path]:
    """The project as it is, with what is not committed yet, in a folder of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="reverts-") as folder:
        copy = Path(folder)
        for name in filter(None, listed.split("\0")):
            if (REPO / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPO / name, copy / name)
        (copy / ".local").mkdir(exist_ok=True)
        (copy / ".local" / "venv").symlink_to((REPO / ".local" / "venv").resolve())
        yield copy


@contextmanager
def _stack(copy: Path) -> Iterator[None]:
    """The emulators, started once for all fixes that do not change them."""
    settings = Settings.from_env(
        CLEAN_ENVIRONMENT, home=_home(copy) / "stack", parts=EMULATORS, free_ports=True
    )
    with running(settings, say=lambda text: None):
        yield


if __name__ == "__main__":
    sys.exit(main())
