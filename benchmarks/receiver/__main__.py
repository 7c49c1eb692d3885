"""How many posts a second the receiver stores, beside a bare Functions Framework app, and whether any is lost.

``make bench-receiver``: 20,000 posts with 50 connections to each of the two, in turns, while the object store answers
after 50 ms; then some thousand to the receiver alone, while the store refuses for ten seconds. Ends with 1 when a
figure is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from benchmarks.history.figures import Figures
from benchmarks.receiver.load import Answer, events, post_all
from benchmarks.receiver.stage import Stage, open_stage

_ROUNDS = 4
_REFUSED_S = 10.0
AT_LEAST = 0.97


def main() -> int:
    """Measure and print; 0 when all figures are reached."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, default=20_000)
    options.add_argument("--connections", type=int, default=50)
    given = options.parse_args()
    figures = Figures("receiver")
    with open_stage() as stage:
        _compare(figures, stage, given.posts, given.connections)
        _refuse(figures, stage, given.posts // _ROUNDS, given.connections)
    return figures.end()


@dataclass(frozen=True)
class Took:
    """What came of the posts to a program.

    Attributes:
        answers: Its answers.
        rate: Posts a second.
        median_ms: Time of a post.
        p99_ms: Time of a post, of the slowest hundredth.
    """

    answers: list[Answer]
    rate: float
    median_ms: float
    p99_ms: float


def compared(stage: Stage, posts: int, connections: int) -> dict[str, Took]:
    """Post to both programs in turns, so that other work on the machine meets both."""
    programs = {"bare": stage.bare, "receiver": stage.receiver}
    taken: dict[str, list[Answer]] = {name: [] for name in programs}
    seconds = dict.fromkeys(programs, 0.0)
    for turn in range(_ROUNDS):
        for name, program in programs.items():
            bodies = events(posts // _ROUNDS, turn)
            began = time.monotonic()
            taken[name] += asyncio.run(post_all(program.url, bodies, connections))
            seconds[name] += time.monotonic() - began
    return {name: _took(answers, seconds[name]) for name, answers in taken.items()}


def _took(answers: list[Answer], seconds: float) -> Took:
    times = sorted(answer.ended - answer.began for answer in answers)
    p99 = times[len(times) * 99 // 100]
    return Took(answers, len(answers) / seconds, statistics.median(times) * 1000, p99 * 1000)


def others_and_lost(took: Took, stage: Stage) -> int:
    """Count the posts that were not answered with 200, and those that were and are not in the bucket as they came."""
    return _others(took.answers, HTTPStatus.OK) + _lost(took.answers, stage.objects)


def _compare(figures: Figures, stage: Stage, posts: int, connections: int) -> None:
    took = compared(stage, posts, connections)
    for name, program in {"bare": stage.bare, "receiver": stage.receiver}.items():
        figures.tell(
            f"{name}: {took[name].rate:.0f} posts a second, p50 {took[name].median_ms:.0f} ms,"
            f" p99 {took[name].p99_ms:.0f} ms, first answer after {program.start_s:.1f} s,"
            f" {program.megabytes():.0f} MB"
        )
    answers = took["receiver"].answers
    figures.at_least("posts a second, receiver ÷ bare", took["receiver"].rate / took["bare"].rate, AT_LEAST)
    figures.at_most("answers other than 200", _others(answers, HTTPStatus.OK), 0)
    figures.at_most("acknowledged and not stored byte for byte", _lost(answers, stage.objects), 0)


def _refuse(figures: Figures, stage: Stage, posts: int, connections: int) -> None:
    """Post while the store refuses for some seconds: what is not stored is refused, and with 503 alone."""

    async def play() -> tuple[list[Answer], float, float]:
        sending = asyncio.create_task(post_all(stage.receiver.url, events(posts, _ROUNDS), connections))
        await asyncio.sleep(2)
        await asyncio.to_thread(stage.refuse, on=True)
        began = time.monotonic()
        await asyncio.sleep(_REFUSED_S)
        ended = time.monotonic()
        await asyncio.to_thread(stage.refuse, on=False)
        return await sending, began, ended

    answers, began, ended = asyncio.run(play())
    within = [answer for answer in answers if answer.began > began and answer.ended < ended]
    figures.tell(f"with the store refusing for {_REFUSED_S:g} s: {dict(Counter(a.status for a in answers))}")
    figures.at_least("posts answered while it refuses", len(within), 1)
    figures.at_most("other than 503", _others(within, HTTPStatus.SERVICE_UNAVAILABLE), 0)
    figures.at_most(
        "before and after, other than 200 and 503",
        _others(answers, HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE),
        0,
    )
    figures.at_most("acknowledged and not stored byte for byte", _lost(answers, stage.objects), 0)


def _others(answers: list[Answer], *statuses: HTTPStatus) -> int:
    return sum(answer.status not in statuses for answer in answers)


def _lost(answers: list[Answer], objects: Path) -> int:
    """How many acknowledged bodies are not in the bucket as they were sent; the emulator's files are its objects."""
    good = [answer for answer in answers if answer.status == HTTPStatus.OK]
    return sum(_content(objects, json.loads(answer.text)["object"]) != answer.body for answer in good)


def _content(objects: Path, name: str) -> bytes | None:
    found = [path for path in (objects / name, objects / quote(name, safe="")) if path.is_file()]
    return found[0].read_bytes() if found else None


if __name__ == "__main__":
    sys.exit(main())
