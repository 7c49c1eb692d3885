"""Which functions of a package are called while a block runs, in their order."""

from __future__ import annotations

import inspect
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from types import FrameType
from typing import Any, NamedTuple


class Function(NamedTuple):
    """A function of the package.

    Attributes:
        module: Its module, by the name below the package.
        name: Its name in the module.
    """

    module: str
    name: str


@dataclass
class Trace:
    """Calls of a package's functions.

    Attributes:
        package: Name of the package.
        calls: The function of each call and the one that led to it, in their order; of a generator also each time that
            it goes on.
    """

    package: str
    calls: list[tuple[Function, Function | None]] = field(default_factory=list)

    @property
    def modules(self) -> list[str]:
        """The modules, in the order of their first call."""
        return list(dict.fromkeys(function.module for function, _ in self.calls))

    @property
    def functions(self) -> int:
        """How many functions were called."""
        return len({function for function, _ in self.calls})

    @property
    def changes(self) -> Counter[str]:
        """How often a call was in another module than the call before it, by the two modules."""
        return _changes(function for function, _ in self.calls)

    @property
    def new_changes(self) -> Counter[str]:
        """The same, when each way from one function to another is followed once: without what loops repeat."""
        return _changes(function for function, _ in dict.fromkeys(self.calls))

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        """Take one event of the interpreter."""
        if event == "call" and (function := self._function(frame)):
            caller = frame.f_back
            while caller is not None and self._function(caller) is None:
                caller = caller.f_back
            self.calls.append((function, self._function(caller) if caller else None))

    def _function(self, frame: FrameType) -> Function | None:
        """Return the package's function that a frame runs; None for any other."""
        # The bodies of modules and classes are no functions: they run while something is imported.
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return None
        package, _, module = str(frame.f_globals.get("__name__", "")).partition(".")
        return Function(module, frame.f_code.co_qualname) if package == self.package else None


def _changes(functions: Iterable[Function]) -> Counter[str]:
    return Counter(
        f"{before.module} -> {after.module}"
        for before, after in pairwise(functions)
        if before.module != after.module
    )


@contextmanager
def traced(package: str) -> Iterator[Trace]:
    """Note the calls of a package's functions in the block, and in the threads that start in it."""
    trace = Trace(package)
    threading.setprofile(trace.note)
    sys.setprofile(trace.note)
    try:
        yield trace
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
