"""Rejects: their rows in ``rejeitados``, and the counts that let no order be forgotten."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tiny_operators._compat import AirflowException
from tiny_operators.operators.rows import check_counts
from tiny_operators.orders.outcomes import Note, Origin, Outcome, Reject, State, Wait, Waiting
from tiny_operators.orders.rows import OrderRows
from tiny_operators.schemas import column_names
from tiny_operators.tiny.answers import Json

ORIGIN = Origin("z316", "z316_webhook_896d471c9d19", "webhook", "2026-03-14")
REJECT = Reject("rows", "pdv.data", "a day", "text of 3 characters", "look")
NOTE = Note("pdv.parcelas[0].dataVencimento", "a day", "text of 3 characters")


def reject_id(origin: Origin, reject: Reject, pedido: int | None, file: str | None) -> str:
    found: str = origin.row(reject, "2026-03-14T15:00:00+00:00", pedido=pedido, file=file)["id"]
    return found


def test_a_row_has_the_columns_of_the_table() -> None:
    row = ORIGIN.row(REJECT, "2026-03-14T15:00:00+00:00", pedido=7, file="a.json")
    assert set(row) == set(column_names("rejeitados"))
    assert (row["store"], row["path"], row["pedido"], row["file"]) == ("z316", "webhook", 7, "a.json")
    assert (row["step"], row["field"], row["produto"]) == ("rows", "pdv.data", None)


def test_a_later_try_gives_the_same_id_and_anything_else_another() -> None:
    first = reject_id(ORIGIN, REJECT, 7, "a.json")
    later = ORIGIN.row(REJECT, "2026-03-15T15:00:00+00:00", pedido=7, file="a.json")
    assert later["id"] == first
    others = [
        reject_id(replace(ORIGIN, run="z316_webhook_0"), REJECT, 7, "a.json"),
        reject_id(replace(ORIGIN, store="other"), REJECT, 7, "a.json"),
        reject_id(ORIGIN, REJECT, 8, "a.json"),
        reject_id(ORIGIN, REJECT, 7, None),
        reject_id(ORIGIN, replace(REJECT, produto=9), 7, "a.json"),
        reject_id(ORIGIN, replace(REJECT, step="fetch"), 7, "a.json"),
        reject_id(ORIGIN, replace(REJECT, field="pdv.id"), 7, "a.json"),
    ]
    assert len({first, *others}) == 8


def test_a_replay_says_the_same_of_the_same_reading_in_each_of_its_runs() -> None:
    read_at, now = "2026-03-14T12:00:00+00:00", "2026-05-01T08:00:00+00:00"
    one = replace(ORIGIN, run="z316_replay_1", path="replay", again=True)
    other = replace(one, run="z316_replay_2")
    first = one.row(REJECT, now, pedido=7, read_at=read_at)
    second = other.row(REJECT, "2026-06-01T08:00:00+00:00", pedido=7, read_at=read_at)
    assert (first["id"], first["rejected_at"]) == (second["id"], second["rejected_at"])
    assert first["rejected_at"] == read_at
    assert (first["run"], second["run"]) == (one.run, other.run)
    later = other.row(REJECT, now, pedido=7, read_at="2026-03-15T12:00:00+00:00")
    assert later["id"] != first["id"], "another reading is another reject"


def test_what_has_no_reading_is_set_aside_now_and_known_by_the_rest() -> None:
    one = replace(ORIGIN, path="replay", again=True)
    first = one.row(REJECT, "2026-05-01T08:00:00+00:00")
    second = replace(one, run="z316_replay_2").row(REJECT, "2026-06-01T08:00:00+00:00")
    assert first["id"] == second["id"]
    assert first["rejected_at"] == "2026-05-01T08:00:00+00:00"


@pytest.mark.parametrize(
    ("origin", "reject", "note"),
    [
        (ORIGIN, "879448ab094cca2954b2", "d767de81cc5795ec1579"),  # pragma: allowlist secret
        (
            replace(ORIGIN, run="z316_replay_1", path="replay", again=True),
            "b748850f0e7cad9e572e",  # pragma: allowlist secret
            "070c674f87e0855c67e7",  # pragma: allowlist secret
        ),
    ],
)
def test_every_version_gives_the_same_ids(origin: Origin, reject: str, note: str) -> None:
    """With other ids, the next replay would report everything anew."""
    now, read_at = "2026-03-14T15:00:00+00:00", "2026-03-14T12:00:00+00:00"
    rejected = origin.row(REJECT, now, pedido=7, file="a.json", read_at=read_at)
    noted = origin.row(NOTE, now, pedido=7, file="a.json", read_at=read_at)
    assert (rejected["id"], noted["id"]) == (reject, note)
    assert (rejected["kind"], noted["kind"]) == ("reject", "note")


def test_the_run_that_reads_sets_aside_now() -> None:
    now = "2026-03-14T15:00:00+00:00"
    row = ORIGIN.row(REJECT, now, pedido=7, read_at="2026-03-14T12:00:00+00:00")
    assert row["rejected_at"] == now
    assert row["id"] == reject_id(ORIGIN, REJECT, 7, None)


def test_every_end_of_an_order_counts_and_a_lost_one_does_not() -> None:
    check_counts(7, Counter(loaded=3, gone=1, rejected=1, waiting=2, rejects=9))
    check_counts(0, Counter())
    with pytest.raises(
        AirflowException, match=r"4 orders were planned, but 3 came to an end \(loaded 3, gone 0"
    ):
        check_counts(4, Counter(loaded=3, orders=4))


def test_an_order_is_in_one_state() -> None:
    waiting = Waiting(Wait.NOT_LISTED, "2026-03-14T12:00:00+00:00")
    assert OrderRows(1).outcome is None
    assert OrderRows(1, gone=True).outcome == Outcome(State.GONE)
    assert OrderRows(1, waits=waiting).outcome == Outcome(State.WAITING, waiting=waiting)
    assert OrderRows(1, rejects=[REJECT]).outcome == Outcome(State.REJECTED, REJECT)
    rows: dict[str, list[Json]] = {"pdv": [{}], "pesquisa": [{}], "produto": []}
    assert OrderRows(1, rows, rejects=[replace(REJECT, produto=9)]).outcome == Outcome(State.LOADED)
