"""The layout that ``terraform fmt`` gives, as far as it can be seen line by line.

Where Terraform is installed, a test runs ``terraform fmt -check`` as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_INDENT: Final = "  "
_OPENS, _CLOSES = "([{", ")]}"
_TEXT: Final = re.compile(r'"(?:\\.|\$\{[^{}]*\}|[^"\\])*"')
_ASSIGNED: Final = re.compile(r"^\s*(\"[^\"]*\"|[\w./-]+|\([^=]*\))( *)=(?![=>])( *)\S")


def layout_problems(text: str) -> Iterator[str]:
    """Return what ``terraform fmt`` would change: the number of the line, and why."""
    lines = text.splitlines()
    if text and not text.endswith("\n"):
        yield f"{len(lines)}: no end of line"
    yield from _indents(lines)
    yield from _alignment(lines)


def _indents(lines: Sequence[str]) -> Iterator[str]:
    open_brackets: list[bool] = []
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield f"{number}: blanks at the end"
        code = _code(line)
        if not line.strip():
            continue
        closing = len(code) - len(code.lstrip(_CLOSES)) if code else 0
        # Brackets that were opened on one line indent once.
        depth = sum(open_brackets[: len(open_brackets) - closing])
        if line[: len(line) - len(line.lstrip())] != _INDENT * depth:
            yield f"{number}: {depth} steps of indentation expected"
        first = True
        for sign in code:
            if sign in _OPENS:
                open_brackets.append(first)
                first = False
            elif sign in _CLOSES and open_brackets:
                first = open_brackets.pop() or first
    if open_brackets:
        yield f"{len(lines)}: {len(open_brackets)} brackets are not closed"


def _alignment(lines: Sequence[str]) -> Iterator[str]:
    group: list[tuple[int, int, int]] = []
    for number, line in enumerate([*lines, ""], 1):
        found = _ASSIGNED.match(line)
        if found:
            group.append((number, found.end(1) - (len(line) - len(line.lstrip())), len(found[2])))
            if len(found[3]) != 1:
                yield f"{number}: one blank after ="
        elif re.search(r"\s{2}=|=\s{2}", _code(line)):
            yield f"{number}: one blank around ="
        # A value of several lines ends the group, as an empty line does.
        if not found or _code(line)[-1:] in _OPENS:
            several = group.pop() if found and group else None
            yield from _one_group(group)
            if several and several[2] != 1:
                yield f"{several[0]}: one blank before ="
            group = []


def _one_group(group: Sequence[tuple[int, int, int]]) -> Iterator[str]:
    longest = max((length for _, length, _ in group), default=0)
    for number, length, blanks in group:
        if blanks != longest - length + 1:
            yield f"{number}: = is not below the others"


def _code(line: str) -> str:
    """Return a line without its texts and comments, and without blanks around it."""
    return re.sub(r"(#|//).*", "", _TEXT.sub("_", line)).strip()
