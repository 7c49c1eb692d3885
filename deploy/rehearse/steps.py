"""The steps of a rehearsal: one after the other, each with its outcome, whatever became of those before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from google.api_core.exceptions import BadRequest, GoogleAPICallError, NotFound
from google.auth.exceptions import GoogleAuthError

from tiny_operators.google_errors import BusyError, Need, SetupError, explained

from .report import Outcome, Result, Said

_FAULT: Final = "report this line as a fault of the package"
_FAULT_OR_CHANGE: Final = (
    "compare include/ with the release; if it is the same, report this line as a fault of the package"
)

Action = Callable[[], Said | str]


class NotTriedError(Exception):
    """A step has nothing to try; the message says why."""


class StepError(Exception):
    """A step saw something else than it should have.

    Args:
        means: What it saw.
        do: What a person does about it.
    """

    def __init__(self, means: str, do: str = _FAULT) -> None:
        super().__init__(means)
        self.do = do


class Steps:
    """Runs steps and keeps what became of them.

    Args:
        project: The project, for messages.
        say: Takes each line while the steps run.

    Attributes:
        outcomes: What became of the steps so far.
    """

    def __init__(self, project: str, say: Callable[[str], None]) -> None:
        self.outcomes: list[Outcome] = []
        self._project = project
        self._say = say

    def run(self, name: str, action: Action, *needs: Need, after: Sequence[str] = ()) -> bool:
        """Run a step; whether it held.

        Args:
            name: Its name.
            action: Does it, and returns what was seen.
            *needs: The roles that let do it.
            after: Names of steps without which it makes no sense.

        Raises:
            GoogleAuthError: When the credentials cannot be used at all.
        """
        if missing := [other for other in after if not self.held(other)]:
            self.add(Outcome(name, Result.NOT_TRIED, Said(f"needs: {', '.join(missing)}")))
            return False
        begun = time.monotonic()
        result, said, do = self._tried(name, action, needs)
        self.add(Outcome(name, result, said, do, time.monotonic() - begun))
        return result is Result.HELD

    def held(self, name: str) -> bool:
        """Return whether a step was run and held."""
        return any(outcome.step == name and outcome.result is Result.HELD for outcome in self.outcomes)

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome, and say it."""
        self.outcomes.append(outcome)
        self._say(outcome.line())

    def _tried(self, name: str, action: Action, needs: Sequence[Need]) -> tuple[Result, Said, str]:
        try:
            with explained(
                f"try '{name}'", self._project, *needs, who="who rehearses", then="rehearse again"
            ):
                said = action()
        except GoogleAuthError:
            raise
        except NotTriedError as error:
            text, do = parted(str(error))
            return Result.NOT_TRIED, Said(text), do
        # Whatever went wrong is one line of the report: the other steps are tried all the same.
        except Exception as error:
            return Result.FAILED, *_explanation(error)
        return Result.HELD, Said(said) if isinstance(said, str) else said, ""


def parted(message: str) -> tuple[str, str]:
    """Split a message of the package into what it means, and what to run."""
    means, _, command = message.partition(" Run: ")
    return means, f"run: {command}" if command else ""


def _explanation(error: Exception) -> tuple[Said, str]:
    """Say what an error means, and what to do about it."""
    text = " ".join(str(error).split())
    match error:
        case SetupError():
            means, do = parted(text)
            do = do or "the message says what; then rehearse again"
        case BusyError():
            means, do = text, "rehearse again later"
        case StepError():
            means, do = text, error.do
        case BadRequest():
            means, do = f"Google refuses it: {reason_of(error)}", _FAULT_OR_CHANGE
        case NotFound():
            means, do = f"not there: {reason_of(error)}", "mend what failed before, then rehearse again"
        case GoogleAPICallError():
            means = f"{type(error).__name__}: {reason_of(error)}"
            do = "rehearse again; if it stays, report this line as a fault of the package"
        case _:
            means, do = f"{type(error).__name__}: {text}", _FAULT
    return Said(means), do


def reason_of(error: GoogleAPICallError) -> str:
    """Return what Google said, on one line, without the address that was asked."""
    first = error.errors[0] if error.errors else None
    text = first.get("message") if isinstance(first, dict) else None
    return " ".join(str(text or error.message).partition("; reason: ")[0].split())
