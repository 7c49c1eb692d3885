"""The stack's command: `python -m local.stack up|down|status|logs|env`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from dataclasses import replace

from local.stack import launcher, processes
from local.stack.settings import ALL_PARTS, Settings, StackError
from local.stack.state import State, log_file
from local.stack.supervisor import Supervisor


def main() -> int:
    """Run one command; return 0 when it did what it says."""
    arguments = _arguments()
    commands = {"up": _up, "down": _down, "status": _status, "logs": _logs, "env": _env}
    try:
        with launcher.tidied_at_sigterm():
            settings = Settings.from_env(parts=frozenset(getattr(arguments, "parts", None) or ALL_PARTS))
            settings = replace(settings, delays=getattr(arguments, "delays", False))
            return commands[arguments.command](settings, arguments)
    except StackError as error:
        print(f"[stack] failed: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.stack", description="The local stack.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it in the background and wait until it is healthy")
    up.add_argument("--fresh", action="store_true", help="begin with no data")
    up.add_argument(
        "--no-dags", action="store_true", help="neither await the setup DAG nor start the webhook DAG"
    )
    up.add_argument(
        "--delays", action="store_true", help="let Google's services take as long as the real ones"
    )
    up.add_argument("--parts", nargs="+", choices=sorted(ALL_PARTS), help="start only these")
    commands.add_parser("down", help="stop what was started")
    commands.add_parser("status", help="show the parts; ends with 1 when one is not well")
    logs = commands.add_parser("logs", help="show the end of the logs")
    logs.add_argument("part", nargs="?", help="one part; all by default")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as they grow")
    commands.add_parser("env", help="print the env file")
    return parser.parse_args()


def _up(settings: Settings, arguments: argparse.Namespace) -> int:
    launcher.up(settings, fresh=arguments.fresh, dags=not arguments.no_dags)
    return _status(settings, arguments)


def _down(settings: Settings, _: argparse.Namespace) -> int:
    launcher.down(settings.home)
    return 0


def _status(settings: Settings, _: argparse.Namespace) -> int:
    state = _running(settings)
    known, trouble = Supervisor(state).processes(), launcher.problems(state)
    rows = [("PART", "STATE", "PID", "ADDRESS", "HEALTH")]
    for part in state.parts:
        process = known.get(part.name, {})
        pid, status = str(process.get("pid") or "-"), str(process.get("statename", "gone")).lower()
        rows.append((part.name, status, pid, part.address, trouble.get(part.name, "healthy")))
    rows += [(part, "replaced", "-", f"see {name}", "-") for part, name in state.replaced.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row[:4], widths, strict=True)]
        print("  ".join([*cells, row[4]]))
    megabytes = processes.memory(state.home) / 2**20
    print(f"Airflow {state.airflow}; {megabytes:.0f} MB in all; state in {state.home}")
    return 1 if trouble else 0


def _logs(settings: Settings, arguments: argparse.Namespace) -> int:
    names = [part.name for part in _running(settings).parts]
    if arguments.part and arguments.part not in names:
        raise StackError(f"no part {arguments.part!r}; there are {', '.join(names)}")
    chosen = [arguments.part] if arguments.part else names
    files = [path for name in chosen if (path := log_file(settings.home, name)).exists()]
    options = ["-n", "100" if arguments.part else "10", *(["-F"] if arguments.follow else [])]
    tail = shutil.which("tail") or "tail"
    return subprocess.run([tail, *options, *map(str, files)], check=False).returncode


def _env(settings: Settings, _: argparse.Namespace) -> int:
    _running(settings)
    print(launcher.env_file(settings.home).read_text(), end="")
    return 0


def _running(settings: Settings) -> State:
    state = State.load(settings.home)
    if state is None:
        raise StackError("the stack is down; start it with: make up")
    return state


if __name__ == "__main__":
    sys.exit(main())
