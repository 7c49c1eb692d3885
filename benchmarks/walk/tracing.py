"""Which functions of a package are called while a block runs, in their order."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from types import FrameType
from typing import Any


@dataclass
class Trace:
    """Calls of a package's functions.

    Attributes:
        package: Name of the package.
        calls: Module and function of each call, in their order; of a generator also each time that it goes on.
    """

    package: str
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def modules(self) -> list[str]:
        """The modules, in the order of their first call, by their names below the package."""
        return list(dict.fromkeys(module for module, _ in self.calls))

    @property
    def functions(self) -> int:
        """How many functions were called."""
        return len(set(self.calls))

    @property
    def changes(self) -> int:
        """How often a call was in another module than the call before it."""
        return sum(before[0] != after[0] for before, after in pairwise(self.calls))

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        """Take one event of the interpreter."""
        # The bodies of modules and classes are no functions: they run while something is imported.
        if event != "call" or not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return
        package, _, module = str(frame.f_globals.get("__name__", "")).partition(".")
        if package == self.package:
            self.calls.append((module, frame.f_code.co_qualname))


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
