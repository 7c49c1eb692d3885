"""Questions that are asked twice: through the front, and of the emulator alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Service = TypeVar("Service")


@dataclass(frozen=True)
class Question(Generic[Service]):
    """A request, what the service answers, and what the emulator alone answers."""

    asked: str
    service: int
    alone: int
    ask: Callable[[Service], int]

    def __str__(self) -> str:
        return self.asked


def forgiven(questions: Iterable[Question[Service]]) -> list[Question[Service]]:
    """Those that an emulator alone answers otherwise than the service."""
    return [question for question in questions if question.service != question.alone]
