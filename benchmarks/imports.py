"""What importing each DAG file costs, beyond importing Airflow and the provider classes that it uses.

``make bench-import`` (``AIRFLOW=3`` for Airflow 3): Airflow reads its DAG files again and again, and each time the
cost is the scheduler's. The file, and the modules of the package that it loads, say themselves what they import from
Airflow; that is imported first and not counted.
"""

from __future__ import annotations

import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_REPO: Final = Path(__file__).resolve().parents[1]
_ROUNDS: Final = 5
_MOST_S: Final = 0.5
_PATIENCE_S: Final = 120

# Runs in a fresh interpreter: first the imports that do not count, then the file.
_PROGRAM: Final = """
import json, runpy, sys, time
path, statements = sys.argv[1], json.loads(sys.argv[2])
for statement in statements:
    exec(statement)
began = time.perf_counter()
runpy.run_path(path)
seconds = time.perf_counter() - began
loaded = [module.__file__ for name, module in list(sys.modules.items()) if name.split(".")[0] == "tiny_operators"]
print(json.dumps({"seconds": seconds, "loaded": loaded}))
"""


def main() -> int:
    """Measure and print; 0 when every file costs at most half a second."""
    slowest = 0.0
    with tempfile.TemporaryDirectory() as home:
        for path in sorted((_REPO / "dags").glob("*.py")):
            modules = _run(home, path, [])["loaded"]
            statements = [text for module in (*modules, path) for text in _airflow_imports(Path(module))]
            seconds = [float(_run(home, path, statements)["seconds"]) for _ in range(_ROUNDS)]
            median = statistics.median(seconds)
            slowest = max(slowest, median)
            print(
                f"[import] Airflow {version('apache-airflow')}: {path.relative_to(_REPO)} {median:.3f} s median of "
                f"{_ROUNDS} ({min(seconds):.3f} to {max(seconds):.3f}), at most {_MOST_S} s",
                flush=True,
            )
    return 0 if slowest <= _MOST_S else 1


def _airflow_imports(path: Path) -> list[str]:
    """Find the import statements of a module that name Airflow, as text; those in functions cost nothing at import."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        if any(name.split(".")[0] == "airflow" for name in names):
            found.append(ast.unparse(node))
    return found


def _run(home: str, path: Path, statements: list[str]) -> dict[str, Any]:
    """Import one DAG file in a fresh process with an Airflow home of its own.

    Raises:
        RuntimeError: When the file cannot be imported; with the end of what the process said.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    env |= {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(_REPO / "plugins"),
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path), json.dumps(statements)],
        env=env,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{path.name} cannot be imported:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    sys.exit(main())
