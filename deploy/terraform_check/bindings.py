"""What a provider's resources take: read from its bindings, which its own schema was made into."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

# What each resource of Terraform takes.
META: Final = frozenset({"for_each", "count", "depends_on", "lifecycle", "provider"})
# What the bindings add for themselves.
_OF_BINDINGS: Final = frozenset({"connection", "provisioners"}) | META
_SITE_PACKAGES: Final = "lib/python*/site-packages"


class NoBindingsError(LookupError):
    """There are no bindings of a resource."""


@dataclass(frozen=True)
class Argument:
    """One argument or block.

    Attributes:
        required: Whether it must be there.
        block: The class of the block; empty for an argument.
    """

    required: bool
    block: str = ""


@dataclass(frozen=True)
class Resource:
    """What a resource, or a data source, takes and gives.

    Attributes:
        config: The class of its own arguments.
        classes: The arguments of each class of it.
        attributes: What may be read of it.
    """

    config: str
    classes: Mapping[str, Mapping[str, Argument]] = field(repr=False)
    attributes: frozenset[str] = field(repr=False)


class Bindings:
    """The bindings that an environment has.

    Args:
        environment: The folder of the virtual environment.
    """

    def __init__(self, environment: Path) -> None:
        self._packages = next(iter(environment.glob(_SITE_PACKAGES)), environment)

    def version(self, provider: str) -> str:
        """Return the version of a provider that its bindings were made of.

        Raises:
            NoBindingsError: When there are none.
        """
        for path in self._packages.glob(f"cdktf_cdktf_provider_{provider}-*.dist-info/METADATA"):
            if found := re.search(rf"hashicorp/{provider} provider version (\S+)", path.read_text("utf-8")):
                return found[1]
        raise NoBindingsError(f"no bindings of the provider {provider}")

    def resource(self, kind: str, name: str) -> Resource:
        """Return what a resource takes.

        Args:
            kind: ``resource`` or ``data``.
            name: Its type, such as ``google_storage_bucket``.

        Raises:
            NoBindingsError: When the provider has no such one.
        """
        provider, _, rest = name.partition("_")
        module = rest if kind == "resource" else f"data_{name}"
        path = self._packages / f"cdktf_cdktf_provider_{provider}" / module / "__init__.py"
        if not path.is_file():
            raise NoBindingsError(f"the provider {provider} has no {kind} {name}")
        return _read(path)


@cache
def _read(path: Path) -> Resource:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    names = frozenset(node.name for node in nodes if _is_data(node))
    classes = {node.name: _arguments(node, names) for node in nodes if node.name in names}
    config = next(node.name for node in nodes if _is_config(node))
    # The first class is the resource itself.
    own = {
        item.name
        for item in nodes[0].body
        if isinstance(item, ast.FunctionDef)
        and any("property" in ast.unparse(d) for d in item.decorator_list)
    }
    # What is written can be read; of blocks the bindings have no plain property.
    return Resource(config, classes, frozenset(own | set(classes[config])))


def _is_data(node: ast.ClassDef) -> bool:
    return any("jsii.data_type(" in ast.unparse(decorator) for decorator in node.decorator_list)


def _arguments(node: ast.ClassDef, classes: frozenset[str]) -> dict[str, Argument]:
    init = next(
        (item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None
    )
    if init is None:
        return {}
    skipped = _OF_BINDINGS if _is_config(node) else frozenset()
    found = {}
    for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True):
        if argument.arg not in skipped and argument.annotation is not None:
            named = re.findall(r"\w+", ast.unparse(argument.annotation))
            found[argument.arg] = Argument(default is None, next((n for n in named if n in classes), ""))
    return found


def _is_config(node: ast.ClassDef) -> bool:
    return any("TerraformMetaArguments" in ast.unparse(base) for base in node.bases)
