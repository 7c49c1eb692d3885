"""What the page says of runs: those under way, those that failed, and DAGs that are paused."""

from __future__ import annotations

import html as markup
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.situations import NOW, TODAY, days_ago, form, rows, situation, with_rejects
from tiny_operators.situation.formats import moment
from tiny_operators.situation.page import FailedRun, Run, UnderWay, render


@pytest.mark.parametrize("running", [0, 1, 3, 40])
@pytest.mark.parametrize("queued", [0, 1, 27])
def test_runs_under_way(running: int, queued: int) -> None:
    (first,) = days_ago(300)
    run = Run("z316_daily", first, first + timedelta(days=30), 42, NOW + timedelta(hours=2))
    page = render([(situation(), UnderWay((run,) * running, ("z316_daily",) * queued))], NOW)
    line = "27/01/2026 a 26/02/2026: 42% lido, termina em 23/11/2026 às 17:40"
    assert page.count(line) == min(running, 10)
    assert ("Nenhuma carga" in page) is (running + queued == 0)
    assert ("mais 30 execuções em andamento" in page) is (running == 40)
    assert (re.search(rf"\b{queued} execuç\w+ na fila", page) is not None) is (queued > 0)


def test_a_run_that_does_not_read_yet() -> None:
    page = render([(situation(), UnderWay((Run("z316_reconcile"),)))], NOW)
    assert "<code>z316_reconcile</code> últimas semanas: ainda não lê: planeja, ou espera a vez" in page
    # Unknown runs are not "none".
    assert "Em andamento" not in render([(situation(), None)], NOW)


@pytest.mark.parametrize("minutes", [-1, 1, 300])
def test_a_run_that_waits_for_its_day_says_until_when(minutes: int) -> None:
    until = NOW + timedelta(minutes=minutes)
    page = render([(situation(), UnderWay((Run("z316_daily", TODAY, TODAY, waits_until=until),)))], NOW)
    waits = f"espera o fim do dia e as últimas mudanças, até {moment(until, ZoneInfo('America/Sao_Paulo'))}"
    assert (waits in page) is (minutes > 0)
    assert ("ainda não lê" in page) is (minutes < 0)


def test_a_run_that_has_read_all_writes() -> None:
    page = render([(situation(), UnderWay((Run("z316_daily", TODAY, TODAY, 100, NOW),)))], NOW)
    assert "23/11/2026: tudo lido; grava nas tabelas</li>" in page
    assert "99% lido" in render([(situation(), UnderWay((Run("z316_daily", percent=99),)))], NOW)


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_runs_that_failed_come_first_with_the_way_to_their_notes(count: int) -> None:
    (day,) = days_ago(3)
    failed = tuple(FailedRun("z316_daily", NOW, f"../run/{number}", day, TODAY) for number in range(count))
    page = render([(situation(rows({day: None})), UnderWay(failed=failed))], NOW, form)
    assert page.count("limpe a tarefa que falhou, e ela continua de onde estava.") == min(count, 10)
    links = re.findall(r'<a href="([^"]+)">', page[page.index("O que fazer") :])
    assert links == [*(run.link for run in failed[:10]), "../form/z316_reconcile"]
    assert page.count("20/11/2026 a 23/11/2026</strong> falhou em 23/11/2026 às 15:40.") == min(count, 10)
    # Also when all days are in.
    assert ("O que fazer" in render([(situation(), UnderWay(failed=failed))], NOW)) is (count > 0)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("webhook", "Não limpe nada: a próxima execução lê o que esta deixou na fila."),
        ("compare", "O aviso sai quando uma comparação destas datas, ou o conserto delas, termina bem."),
    ],
)
def test_what_clearing_does_not_help_is_told_otherwise(kind: str, said: str) -> None:
    page = render([(situation(), UnderWay(failed=(FailedRun(f"z316_{kind}", NOW, "../run"),)))], NOW, form)
    assert said in page
    assert "limpe a tarefa" not in page


@pytest.mark.parametrize("paused", [(), ("daily",), ("reconcile",), ("daily", "reconcile", "put_back")])
def test_a_paused_dag_is_unpaused_by_the_command_that_needs_it(paused: tuple[str, ...]) -> None:
    young = situation(
        rows({TODAY - timedelta(days=3): with_rejects(TODAY - timedelta(days=3), 1)}, days_ago(9)[0])
    )
    under_way = UnderWay(paused=frozenset(f"z316_{kind}" for kind in paused))
    page = markup.unescape(render([(young, under_way)], NOW, form))
    for kind in ("daily", "reconcile", "put_back"):
        unpauses = f"airflow dags unpause z316_{kind}\nairflow dags trigger z316_{kind} --conf"
        needed = kind in paused and f"trigger z316_{kind} " in page
        assert (unpauses in page) is needed
        assert (f"<code>z316_{kind}</code> está pausada" in page) is needed
    assert "trigger z316_daily " in page
    assert "trigger z316_put_back " in page


@pytest.mark.parametrize("paused", [(), ("z316_daily",), ("z316_compare",), ("z316_compare", "z316_daily")])
def test_a_run_that_waits_for_a_paused_dag_is_told(paused: tuple[str, ...]) -> None:
    queued = ("z316_daily", "z316_daily", "z316_reconcile")
    page = render([(situation(), UnderWay((), queued, paused=frozenset(paused)))], NOW)
    assert ("3 execuções na fila; z316_daily está pausada, e não começa." in page) is ("z316_daily" in paused)
    assert page.count("está pausada") == ("z316_daily" in paused)
