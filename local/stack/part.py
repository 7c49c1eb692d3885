"""What a part of the stack is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MARK = "LOCAL_STACK_PART"
"""Variable that every process of the stack carries, `<state folder>:<part>`, by which it is known as ours."""


@dataclass(frozen=True)
class Health:
    """How to ask a part whether it is well.

    Attributes:
        kind: "http": any answer below 500; "airflow": Airflow's health page says so of component `target`;
            "postgres": a server answers in the socket folder `target`; "redis": the command `target` gets a PONG;
            "process": it is well as long as it runs.
        target: See `kind`.
        url: Address to ask, for the first two.
    """

    kind: Literal["http", "airflow", "postgres", "redis", "process"]
    target: str = ""
    url: str = ""


@dataclass(frozen=True)
class Part:
    """One process to run.

    Attributes:
        name: Its name for status and logs.
        argv: Program and arguments.
        health: How to ask it.
        address: Where it is, for people.
        env: Variables that differ from the stack's own; an empty value removes one.
        ports: Variables of the ports that it listens on.
        user: System user to run as, where it may not run as root.
        remove: Files to remove before it starts: what a killed predecessor left there would stop it.
        needs_database: Whether it is a part of Airflow, and so starts when Airflow's database is made.
        folder: Its working folder, if it is not the repository.
    """

    name: str
    argv: tuple[str, ...]
    health: Health
    address: str
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    user: str = ""
    remove: tuple[str, ...] = ()
    needs_database: bool = False
    folder: str = ""
