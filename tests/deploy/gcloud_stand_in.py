"""Stands for gcloud in the tests of `make plan` and `make deploy`: keeps buckets, APIs and secrets in a file.

It knows the commands that these use, and ends with an error at any other. What it was asked is written down.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

STATE = Path(os.environ["GCLOUD_STAND_IN"])


def main(words: list[str]) -> int:
    state: dict[str, Any] = {"buckets": [], "values": {}, "asked": [], "fail": ""}
    if STATE.exists():
        state = json.loads(STATE.read_text())
    state["asked"].append(words)
    given = "" if sys.stdin.isatty() else sys.stdin.read()
    code = 0
    if state["fail"] and " ".join(words).startswith(state["fail"]):
        sys.stderr.write("ERROR: (gcloud) permission denied\n")
        code = 1
    else:
        match words:
            case ["storage", "ls", *_]:
                sys.stdout.write("".join(f"gs://{name}/\n" for name in state["buckets"]))
            case ["storage", "buckets", "create", url, *_]:
                state["buckets"].append(url.removeprefix("gs://"))
            case ["storage", "buckets", "set-iam-policy", url, "/dev/stdin", *_]:
                state.setdefault("policies", {})[url] = json.loads(given)
            case ["storage", "buckets", "update", *_] | ["services", "enable", *_]:
                pass
            case ["secrets", "versions", "list", name, *_]:
                sys.stdout.write("".join(f"{n}\n" for n, _ in enumerate(state["values"].get(name, []), 1)))
            case ["secrets", "versions", "add", name, "--data-file=-", *_]:
                state["values"].setdefault(name, []).append(given)
            case _:
                sys.stderr.write(f"ERROR: unknown {words}\n")
                code = 2
    STATE.write_text(json.dumps(state))
    return code


sys.exit(main(sys.argv[1:]))
