"""The blocks of Terraform files, and the expressions in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hcl2

_BLOCK: Final = "__is_block__"
_WORD: Final = r"[a-zA-Z_][\w-]*"


class UnreadableError(ValueError):
    """A file is no Terraform; the message names it."""


@dataclass(frozen=True)
class Block:
    """One block, such as a resource.

    Attributes:
        kind: Such as ``resource``.
        labels: Such as the type and the name of a resource.
        body: Its arguments and blocks.
        file: The name of its file.
    """

    kind: str
    labels: tuple[str, ...]
    body: Mapping[str, Any]
    file: str

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.file}: {' '.join((self.kind, *self.labels))}"


def read_folder(folder: Path) -> list[Block]:
    """Read the ``.tf`` files of a folder.

    Raises:
        UnreadableError: When one is no Terraform.
    """
    found: list[Block] = []
    for path in sorted(folder.glob("*.tf")):
        try:
            content = hcl2.loads(path.read_text(encoding="utf-8"))
        except Exception as error:  # whatever the parser raises
            raise UnreadableError(f"{path.name} cannot be read: {error}") from error
        for kind, bodies in arguments(content).items():
            found += [block for body in bodies for block in _blocks(kind, (), body, path.name)]
    return found


def arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments and blocks of a block, without the parser's own notes."""
    return {bare(name): value for name, value in body.items() if not name.startswith("__")}


def is_block(value: Any) -> bool:
    """Whether a value was written as blocks, and not as an argument."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and _BLOCK in v for v in value)


def inner_blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the blocks in a block, with those that ``dynamic`` makes."""
    for name, value in arguments(body).items():
        if name == "dynamic":
            for made in value:
                for label, content in arguments(made).items():
                    yield label, content["content"][0]
        elif is_block(value):
            for block in value:
                yield name, block


def expressions(value: Any) -> Iterator[str]:
    """All texts in a value that hold an expression, and the texts of conditions and names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not name.startswith("__comments") and not name.startswith("__inline"):
                yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


def references(text: str, *, head: str) -> Iterator[tuple[str, ...]]:
    """Return the references in an expression that begin with ``head``: the names in them, without indexes.

    Example:
        >>> list(references("${local.stores[each.key].name}", head="local"))
        [('local', 'stores', 'name')]
    """
    text = _in_code(text)
    for match in re.finditer(rf"(?<![\w.-]){head}(?:\.{_WORD}|\[[^\[\]]*\])+", text):
        yield tuple(re.findall(_WORD, re.sub(r"\[[^\[\]]*\]", "", match[0])))


def bare(name: str) -> str:
    """Return a name without the quotes that the parser leaves around labels and texts."""
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == '"' else name


def _in_code(text: str) -> str:
    """Return an expression without the texts in it, but with what they interpolate."""
    found: list[str] = []
    # What is open: a text, or the code that a text interpolates.
    open_signs: list[str] = []
    at = 0
    while at < len(text):
        sign, in_text = text[at], bool(open_signs) and open_signs[-1] == '"'
        if in_text and sign == "\\":
            at += 1
        elif sign == '"':
            open_signs.pop() if in_text else open_signs.append('"')
            found.append(" ")
        elif text.startswith("${", at):
            open_signs.append("{")
            found.append(" ")
            at += 1
        elif not in_text and sign == "{":
            open_signs.append("{")
        elif not in_text and sign == "}":
            open_signs.pop()
            found.append(" ")
        elif not in_text:
            found.append(sign)
        at += 1
    return "".join(found)


def _blocks(kind: str, labels: tuple[str, ...], body: Mapping[str, Any], file: str) -> Iterator[Block]:
    inner = arguments(body)
    if _BLOCK in body or len(inner) != 1:
        yield Block(kind, labels, body, file)
        return
    for label, content in inner.items():
        yield from _blocks(kind, (*labels, label), content, file)
