"""Arguments, blocks and references against the bindings and against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .bindings import META, Bindings, NoBindingsError, Resource
from .parsed import Block, arguments, bare, expressions, inner_blocks, is_block, references

_NAMES: Final = {"local": "locals", "var": "variable"}


def problems(blocks: Sequence[Block], bindings: Bindings) -> list[str]:
    """Return what is wrong, one line each."""
    found = [line for block in blocks for line in problems_of(block, blocks, bindings)]
    return [*found, *_unused(blocks), *_versions(blocks, bindings)]


def problems_of(block: Block, blocks: Sequence[Block], bindings: Bindings) -> list[str]:
    """Return what is wrong in one block, one line each."""
    return [*_of_arguments(block, bindings), *_of_references(block, blocks, bindings)]


def _of_arguments(block: Block, bindings: Bindings) -> Iterator[str]:
    if block.kind not in {"resource", "data"}:
        return
    try:
        resource = bindings.resource(block.kind, block.labels[0])
    except NoBindingsError as error:
        yield f"{block}: {error}"
        return
    yield from _in_class(str(block), resource, resource.config, block.body, outermost=True)


def _in_class(
    where: str, resource: Resource, name: str, body: Mapping[str, Any], *, outermost: bool = False
) -> Iterator[str]:
    known = resource.classes[name]
    given = arguments(body)
    dynamic = [bare(label) for made in given.get("dynamic", ()) for label in arguments(made)]
    for argument, value in given.items():
        if argument == "dynamic" or (outermost and argument in META):
            continue
        if argument not in known:
            yield f"{where}: there is no {'block' if is_block(value) else 'argument'} {argument}"
        elif is_block(value) and not known[argument].block:
            yield f"{where}: {argument} is an argument, not a block"
        elif not is_block(value) and known[argument].block:
            yield f"{where}: {argument} is a block, not an argument"
    yield from (f"{where}: there is no block {label}" for label in dynamic if label not in known)
    missing = [label for label, what in known.items() if what.required and label not in {*given, *dynamic}]
    yield from (f"{where}: {label} is missing" for label in missing)
    for label, inner in inner_blocks(body):
        if label in known and known[label].block:
            yield from _in_class(f"{where}.{label}", resource, known[label].block, inner)


def _of_references(block: Block, blocks: Sequence[Block], bindings: Bindings) -> Iterator[str]:
    declared = {head: set(_declared(blocks, kind)) for head, kind in _NAMES.items()}
    made = {(other.kind, *other.labels) for other in blocks}
    for text in expressions(block.body):
        for head, names in declared.items():
            for _, name, *_more in references(text, head=head):
                if name not in names:
                    yield f"{block}: there is no {head}.{name}"
        for path in [
            *references(text, head=r"data(?=\.)"),
            *references(text, head=r"(?:google|archive)_\w+"),
        ]:
            kind, kept = ("data", path[1:]) if path[0] == "data" else ("resource", path)
            if (kind, *kept[:2]) not in made:
                yield f"{block}: there is no {'.'.join(path[: 3 if kind == 'data' else 2])}"
            elif kept[2:] and kept[2] not in bindings.resource(kind, kept[0]).attributes:
                yield f"{block}: {kept[0]} has no {kept[2]}"


def _unused(blocks: Sequence[Block]) -> Iterator[str]:
    texts = [text for block in blocks for text in expressions(block.body)]
    for head, kind in _NAMES.items():
        used = {name for text in texts for _, name, *_more in references(text, head=head)}
        yield from (f"{head}.{name} is not used" for name in _declared(blocks, kind) if name not in used)


def _declared(blocks: Sequence[Block], kind: str) -> list[str]:
    if kind == "locals":
        return [name for block in blocks if block.kind == kind for name in arguments(block.body)]
    return [block.labels[0] for block in blocks if block.kind == kind]


def _versions(blocks: Sequence[Block], bindings: Bindings) -> Iterator[str]:
    """Yield where Terraform would install another version than the one whose arguments were checked."""
    for block in blocks:
        for wanted in block.body.get("required_providers", ()):
            for provider, what in arguments(wanted).items():
                asked = bare(re.sub(r"\s", "", arguments(what)["version"]))
                if asked != (known := bindings.version(provider)):
                    yield f"{block.file}: provider {provider} is {asked}, the bindings are of {known}"
