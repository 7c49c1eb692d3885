"""The images of the compose file, as far as a machine without Docker has them: programs, files and entry points."""

from __future__ import annotations

import fnmatch
import os
import pwd
import re
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.stack.parts import postgres_bin, postgres_user
from local.stack.postgres import let_pass
from local.stack.settings import venv

REPO: Final = Path(__file__).resolve().parents[2]
_DOCKER: Final = REPO / "local" / "docker"
_PACKAGES: Final = r"/usr/local/lib/python(3\.\d+)/site-packages"
# Folders that commands and variables name.
_FOLDERS: Final = ("/app", "/data", "/gcs", "/opt/airflow", "/tmp", "/var/lib/postgresql/data")


@dataclass(frozen=True)
class Image:
    """An image, unpacked into a folder.

    Attributes:
        root: Stands for the root of a container's files.
        programs: Folder of the programs that it brings.
        workdir: Where its commands start.
    """

    root: Path
    programs: Path
    workdir: Path

    def unpack(self) -> None:
        """Make its folders."""
        for folder in ("tmp", "home"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self.workdir.mkdir(parents=True, exist_ok=True)

    def variables(self, port: int) -> dict[str, str]:
        """Return the variables that it sets.

        Args:
            port: Where it listens, when no word of its command says so.
        """
        return {"HOME": str(self.root / "home"), "LANG": "C.UTF-8"}

    def first(self, env: dict[str, str]) -> list[list[str]]:
        """Return what its entry point runs before the command."""
        return []

    def command(self, words: list[str], env: dict[str, str]) -> list[str]:
        """Return what its entry point makes of a command."""
        return words

    def here(self, text: str) -> str:
        """Write folders of this machine for those of the image."""
        text = re.sub(
            _PACKAGES, lambda found: str(self.programs.parent / f"lib/python{found[1]}/site-packages"), text
        )
        folders = "|".join(_FOLDERS)
        return re.sub(
            rf"(?<![\w./-])({folders})(?=[/\s\"':]|$)", lambda found: f"{self.root}{found[1]}", text
        )

    @property
    def stop_signal(self) -> int:
        """Return the signal by which it is stopped."""
        return signal.SIGTERM

    def user(self) -> dict[str, Any]:
        """Return who runs it, where the user of this machine may not."""
        return {}


class PythonImage(Image):
    """The image of the stack's own programs: what its Dockerfile copies, and .dockerignore lets pass."""

    def unpack(self) -> None:
        """Copy what the Dockerfile copies."""
        super().unpack()
        for source, target in re.findall(
            r"^COPY (\w+) (/app/\w+)$", (_DOCKER / "python.Dockerfile").read_text(), re.MULTILINE
        ):
            assert _in_context(source), f"{source} is copied into the image, and .dockerignore leaves it out"
            _copy(REPO / source, Path(f"{self.root}{target}"))

    def variables(self, port: int) -> dict[str, str]:
        """Return what ENV lines set; HOME has the extensions of DuckDB."""
        found = dict(
            re.findall(r"^ENV (\w+)=(\S+)$", (_DOCKER / "python.Dockerfile").read_text(), re.MULTILINE)
        )
        home = self.programs.parent / "home"
        return {
            **super().variables(port),
            **{name: ":".join(map(self.here, value.split(":"))) for name, value in found.items()},
            **({"HOME": str(home)} if home.exists() else {}),
        }


class AirflowImage(Image):
    """The official image of Airflow, and its entry point."""

    def variables(self, port: int) -> dict[str, str]:
        """Return the image's variables, and ports of this machine for the fixed ones."""
        # In a container the name of the machine is that of the container, whoever asks.
        return {
            **super().variables(port),
            "AIRFLOW_HOME": str(self.workdir),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        }

    def first(self, env: dict[str, str]) -> list[list[str]]:
        """Make or move the database and create the user, as variables ask for."""
        airflow = str(self.programs / "airflow")
        found = [[airflow, "db", "migrate"]] if env.get("_AIRFLOW_DB_MIGRATE") == "true" else []
        if env.get("_AIRFLOW_WWW_USER_CREATE") == "true":
            who = ("--username", env["_AIRFLOW_WWW_USER_USERNAME"], "--role", "Admin")
            secret = ("--password", env["_AIRFLOW_WWW_USER_PASSWORD"])
            name = ("--firstname", "Airflow", "--lastname", "Admin", "--email", "airflowadmin@example.com")
            found.append([airflow, "users", "create", *who, *secret, *name])
        return found

    def command(self, words: list[str], env: dict[str, str]) -> list[str]:
        """Run a program of the shell as it is, and all else by ``airflow``."""
        return words if words[0] == "bash" else ["airflow", *words]


class PostgresImage(Image):
    """The official image of Postgres, and its entry point."""

    @property
    def stop_signal(self) -> int:
        """Return the signal that does not wait for clients."""
        return signal.SIGINT

    @property
    def _data(self) -> Path:
        return self.root / "var/lib/postgresql/data"

    def unpack(self) -> None:
        """Make the folder of the data, which belongs to who runs it."""
        super().unpack()
        self._data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for folder in (self._data, self.programs):
                let_pass(folder, print)
            for folder in (self._data, self.root / "tmp"):
                shutil.chown(folder, postgres_user())

    def variables(self, port: int) -> dict[str, str]:
        """Return where clients find it."""
        return {**super().variables(port), "PGHOST": str(self.root / "tmp"), "PGPORT": str(port)}

    def first(self, env: dict[str, str]) -> list[list[str]]:
        """Make the data and the database."""
        data = str(self._data)
        initdb = [
            "initdb",
            "-D",
            data,
            "-U",
            env["POSTGRES_USER"],
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]
        make = f'echo "CREATE DATABASE {env["POSTGRES_DB"]}" | postgres --single -D {data} postgres'
        return [initdb, ["sh", "-c", make]]

    def command(self, words: list[str], env: dict[str, str]) -> list[str]:
        """Run the server."""
        return ["postgres", "-D", str(self._data), "-h", "127.0.0.1", "-k", env["PGHOST"]]

    def user(self) -> dict[str, Any]:
        """Return a user that is not root, which it refuses."""
        if os.geteuid():
            return {}
        account = pwd.getpwnam(postgres_user())
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def image_of(service: dict[str, Any], root: Path) -> Image:
    """Return the image of a service; its programs are those of the lock that it is built from."""
    name = service["image"].partition(":")[0].rpartition("/")[2]
    if name == "postgres":
        return PostgresImage(root, postgres_bin(), root)
    if name == "tiny-operators-airflow":
        # The tests' own environment is that of the version, whose lock the image has.
        return AirflowImage(root, Path(sys.executable).parent, root / "opt/airflow")
    return PythonImage(root, venv(name.removeprefix("tiny-operators-")) / "bin", root / "app")


def mount(volume: str, root: Path, volumes: Path) -> None:
    """Put a volume into a container's files: a copy of a folder of the repository, or a folder that services share."""
    source, target = volume.split(":")[:2]
    place = Path(f"{root}{target}")
    if source.startswith("."):
        _copy(REPO / source, place)
        return
    shared = volumes / source
    shared.mkdir(parents=True, exist_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(shared)


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


def _in_context(source: str) -> bool:
    """Return whether .dockerignore lets a folder pass: the last line that fits counts."""
    passes = True
    for line in (REPO / ".dockerignore").read_text().split():
        if fnmatch.fnmatch(source, line.removeprefix("!")):
            passes = line.startswith("!")
    return passes
