"""Breaks each argument, block and reference of the Terraform in turn, and prints what the check did not see.

Runs in the environment `deploy`, which has the parser.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.terraform_check.arguments import problems, problems_of
from deploy.terraform_check.bindings import META, Bindings
from deploy.terraform_check.parsed import Block, arguments, bare, is_block, read_folder

# In these blocks the names are the author's own, or Terraform's.
_OWN_WORDS = {"locals", "variable", "output", "terraform", "provider"}
_REFERENCE = re.compile(r"(?<![\w.\"])(local|var|data\.\w+|google_\w+)\.(\w+)")


def main(folder: Path) -> None:
    blocks, bindings = read_folder(folder), Bindings(Path(sys.prefix))
    assert problems(blocks, bindings) == []
    counts = {"renamed": 0, "swapped": 0, "references": 0}
    missed = []
    for block in blocks:
        for kind, what, broken in (*_of_arguments(block), *_of_references(block)):
            counts[kind] += 1
            found = problems_of(broken, blocks, bindings)
            if not any(what in line for line in found):
                missed.append(f"{block}: {kind} {what}")
    sys.stdout.write(json.dumps({"counts": counts, "missed": missed}))


def _of_arguments(block: Block) -> Iterator[tuple[str, str, Block]]:
    if block.kind in _OWN_WORDS:
        return
    for path in _paths(block.body):
        name = bare(path[-1])
        if name not in META:
            body = copy.deepcopy(block.body)
            holder = _at(body, path[:-1])
            holder[f"{name}x"] = holder.pop(path[-1])
            yield "renamed", f"{name}x", replace(block, body=body)
            body = copy.deepcopy(block.body)
            holder = _at(body, path[:-1])
            value = holder[path[-1]]
            holder[path[-1]] = "1" if is_block(value) else [{"__is_block__": True}]
            if path[-3:-2] != ("dynamic",):
                yield "swapped", name, replace(block, body=body)


def _paths(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the arguments and blocks are; not what is in a map or an expression."""
    for key in list(arguments(body)):
        real = next(name for name in body if bare(name) == key)
        value = body[real]
        if key == "dynamic":
            for number, made in enumerate(value):
                for label in [name for name in made if not name.startswith("__")]:
                    where = (*before, real, number, label)
                    yield where
                    yield from _paths(made[label]["content"][0], (*where, "content", 0))
            continue
        yield (*before, real)
        if is_block(value):
            for number, inner in enumerate(value):
                yield from _paths(inner, (*before, real, number))


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        body = body[step]
    return body


def _of_references(block: Block) -> Iterator[tuple[str, str, Block]]:
    text = json.dumps(block.body)
    for match in _REFERENCE.finditer(text):
        broken = f"{text[: match.end()]}x{text[match.end() :]}"
        what = f"{match[2]}x"
        yield "references", what, replace(block, body=json.loads(broken))


main(Path(sys.argv[1]))
