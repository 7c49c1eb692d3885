"""The same configuration with stand-ins for the providers' resources, which Terraform plans without any provider.

    .local/venv/deploy/bin/python -m deploy.terraform_check.standin FROM TO

Each resource and data source becomes a ``terraform_data``, which is part of Terraform, with all its arguments and
blocks as ``input``. So Terraform itself evaluates every expression, and the plan says what would be asked of Google.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .bindings import META
from .parsed import Block, arguments, bare, expressions, is_block, read_folder, references

_ADDRESS: Final = re.compile(r"(?<![\w.-])(data\.)?((?:google|archive)_\w+)\.(\w+)")
_EMAIL: Final = "${each.value.id}@${var.project}.iam.gserviceaccount.com"
# What only Google knows, and tests want to see.
_COMPUTED: Final = {"google_service_account": {"email": _EMAIL, "member": f"serviceAccount:{_EMAIL}"}}


def stand_ins(blocks: Sequence[Block]) -> str:
    """Return the text of the configuration with stand-ins."""
    read = _read_attributes(blocks)
    parts = []
    for block in blocks:
        if block.kind in {"resource", "data"}:
            parts += _resource(block, sorted(read.get(_name(block), ())))
        elif block.kind in {"locals", "variable"}:
            parts.append(_block(block))
    text = "".join(f"{part}\n" for part in parts)
    return _ADDRESS.sub(lambda found: f"local.{_joined(*found.groups())}", text)


def _resource(block: Block, read: Sequence[str]) -> list[str]:
    given = arguments(block.body)
    name, kind = _name(block), block.labels[0]
    computed = {
        attribute: _COMPUTED.get(kind, {}).get(attribute, f"({name} {attribute})")
        for attribute in read
        if attribute not in given
    }
    lines = [f"    {attribute} = {_text(value)}" for attribute, value in computed.items()]
    lines += [f"    {key} = {value}" for key, value in _inputs(given).items() if key not in META]
    meta = [f"  {key} = {_value(given[key])}" for key in ("for_each", "count") if key in given]
    each = f"for key, found in terraform_data.{name} : "
    gathered = f"{{ {each}key => found.input }}" if "for_each" in given else f"terraform_data.{name}.input"
    if "count" in given:
        gathered = f"[ for found in terraform_data.{name} : found.input ]"
    return [
        f'resource "terraform_data" "{name}" {{',
        *meta,
        "  input = {",
        *lines,
        "  }",
        "}",
        f"locals {{\n  {name} = {gathered}\n}}",
    ]


def _inputs(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of arguments, and of blocks as lists, with what ``dynamic`` makes."""
    found = {
        key: f"[{', '.join(_object(block) for block in value)}]" if is_block(value) else _value(value)
        for key, value in arguments(body).items()
        if key != "dynamic"
    }
    for made in body.get("dynamic", ()):
        for label, what in arguments(made).items():
            content = re.sub(rf"\b{label}\.(key|value)\b", r"its_\1", _object(what["content"][0]))
            many = f"[for its_key, its_value in {_value(what['for_each'])} : {content}]"
            found[label] = f"concat({found[label]}, {many})" if label in found else many
    return found


def _object(body: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{_key(key)} = {value}" for key, value in _inputs(body).items()) + "}"


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() if value.startswith("${") and value.endswith("}"):
            return value[2:-1]
        case dict():
            return _object(value)
        case list():
            return f"[{', '.join(_value(item) for item in value)}]"
    return str(value)


def _block(block: Block) -> str:
    kind = {"description", "type"}
    if block.kind == "variable":
        kept = {key: value for key, value in arguments(block.body).items() if key in kind}
        return f'variable "{block.labels[0]}" {{\n' + "".join(
            f"  {key} = {_value(value)}\n" for key, value in kept.items()
        ) + "}"  # fmt: skip
    lines = "".join(f"  {key} = {value}\n" for key, value in _inputs(block.body).items())
    return f"locals {{\n{lines}}}"


def _read_attributes(blocks: Sequence[Block]) -> dict[str, set[str]]:
    """Which attributes are read of what, also where all of one kind are gone through."""
    found: dict[str, set[str]] = {}
    for text in (text for block in blocks for text in expressions(block.body)):
        for head in (r"data(?=\.)", r"(?:google|archive)_\w+"):
            for path in references(text, head=head):
                names = path[1:] if path[0] == "data" else path
                name = _joined("data." if path[0] == "data" else None, *names[:2])
                found.setdefault(name, {"id"}).update(names[2:3])
    return found


def _name(block: Block) -> str:
    return _joined("data." if block.kind == "data" else None, *block.labels)


def _joined(data: str | None, *names: str) -> str:
    return "__".join((*(("data",) if data else ()), *names))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w-]*", bare(name)) else _text(bare(name))


def _text(text: str) -> str:
    return '"' + text + '"'


if __name__ == "__main__":
    source, target = (Path(word) for word in sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    (target / "main.tf").write_text(stand_ins(read_folder(source)), encoding="utf-8")
