"""Prints what is wrong in the Terraform of ``deploy/terraform``; see the package's own description."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .arguments import problems
from .bindings import Bindings
from .layout import layout_problems
from .parsed import UnreadableError, arguments, read_folder

_FOLDER: Final = Path(__file__).resolve().parents[1] / "terraform"


def main(words: Sequence[str] | None = None) -> int:
    """Check a folder; 0 when nothing is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.terraform_check", description="Check Terraform offline."
    )
    parser.add_argument("folder", nargs="?", type=Path, default=_FOLDER)
    folder = parser.parse_args(words).folder
    try:
        blocks = read_folder(folder)
    except UnreadableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = problems(blocks, Bindings(Path(sys.prefix)))
    for path in sorted(folder.glob("*.tf*")):
        found += [f"{path.name}:{line}" for line in layout_problems(path.read_text(encoding="utf-8"))]
    for line in found:
        sys.stdout.write(f"{line}\n")
    resources = [block for block in blocks if block.kind == "resource"]
    written = sum(len(arguments(block.body)) for block in blocks)
    sys.stdout.write(
        f"{len(resources)} resources, {written} arguments and blocks of theirs: {len(found)} problems\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
