"""The page as text: what it says of which days, and how they are filled."""

from __future__ import annotations

import html as markup
import json
import re
import shlex
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.situations import NOW, TODAY, days_ago, form, good, reason, row, rows, situation, with_rejects
from tiny_operators.situation import formats
from tiny_operators.situation.facts import SHOWN_DAYS, State
from tiny_operators.situation.formats import age
from tiny_operators.situation.page import Run, UnderWay, render, verdict
from tiny_operators.situation.remedies import remedies


@pytest.mark.parametrize("place", [1, SHOWN_DAYS - 1, SHOWN_DAYS, 200])
@pytest.mark.parametrize("length", [1, 3, 20])
def test_missing_days_are_seen_with_what_fills_them(place: int, length: int) -> None:
    last = TODAY - timedelta(days=place)
    first = last - timedelta(days=length - 1)
    gone = {first + timedelta(days=number): None for number in range(length)}
    found = situation(rows(gone))
    page = markup.unescape(render([(found, UnderWay())], NOW, form))
    assert verdict(found)[0] is State.MISSING
    assert f"{length} dia{'s' if length > 1 else ''} sem pedidos." in page
    assert page.count(': falta"') == length, "marked in the calendar"
    dag_id = "z316_daily" if length > 3 else "z316_reconcile"
    assert f'href="../form/{dag_id}"' in page
    command = (
        f"airflow dags trigger {dag_id} --conf "
        f'\'{{"from_date": "{first.isoformat()}", "to_date": "{last.isoformat()}"}}\''
    )
    assert command in page


def test_each_kind_of_day_has_its_remedy_the_worst_first() -> None:
    missing, differing, loaded = days_ago(60, 40, 20)
    found = situation(
        rows({missing: None, differing: row(differing, 3, 4), loaded: row(loaded, 3), TODAY: None})
    )
    assert [each.command.split()[3] for each in remedies(found, form)] == [
        "z316_reconcile",
        "z316_reconcile",
        "z316_compare",
    ]
    assert verdict(found) == (
        State.MISSING,
        "1 dia sem pedidos; 1 dia difere da Tiny; 1 dia ainda não foi comparado com a Tiny.",
    )


def test_when_all_is_in_the_page_says_so_and_asks_for_nothing() -> None:
    found = situation()
    page = render([(found, UnderWay())], NOW, form)
    assert verdict(found) == (State.COMPLETE, "Tudo está dentro até 22/11/2026.")
    assert remedies(found, form) == []
    assert "O que fazer" not in page
    assert "Nenhuma carga ou comparação de datas." in page


def test_many_stretches_are_counted_not_listed() -> None:
    gone = dict.fromkeys(days_ago(*range(1, 400, 8)))
    page = render([(situation(rows(gone)), None)], NOW, form)
    assert page.count("<li><strong>") == 30
    assert "… e mais 20 itens." in page
    assert page.count(': falta"') == 50


@pytest.mark.parametrize(
    ("letters", "dag", "said"),
    [
        # Shops that are closed on Sundays, before anybody compared.
        (
            "llllllm" * 20,
            "reconcile",
            "20 dias sem pedidos; 120 dias com pedidos, nunca comparados. A comparação",
        ),
        (
            "lllmmmmlll",
            "daily",
            "4 dias sem pedidos; 6 dias com pedidos, nunca comparados. A carga lê da Tiny o",
        ),
        ("lllmmmmdll", "reconcile", "4 dias sem pedidos; 1 dia difere da Tiny; 5 dias com pedidos, nunca"),
        ("dl", "reconcile", "1 dia difere da Tiny; 1 dia com pedidos, nunca comparado. A comparação diz, e"),
        ("llll", "compare", "Com pedidos, mas nunca comparado com a Tiny."),
        ("mmm", "reconcile", "Sem pedidos: a loja não vendeu, ou não foi carregado."),
        ("mmmm", "daily", "Sem pedidos: não foi carregado, ou a loja não vendeu e ninguém comparou."),
        ("dd", "reconcile", "Na última comparação faltavam pedidos"),
    ],
)
def test_neighbouring_days_are_one_entry(letters: str, dag: str, said: str) -> None:
    days = days_ago(*range(len(letters), 0, -1))
    counts: dict[str, tuple[int, int | None]] = {"m": (0, None), "l": (3, None), "d": (3, 4)}
    found = situation(rows({day: row(day, *counts[each]) for day, each in zip(days, letters, strict=True)}))
    (remedy,) = remedies(found, form)
    assert remedy.link == f"../form/z316_{dag}"
    assert remedy.said.startswith(said)
    assert f'{{"from_date": "{days[0]}", "to_date": "{days[-1]}"}}' in remedy.command
    assert remedy.when.endswith(f" ({len(letters)} dias)")


def test_complete_days_in_between_are_taken_along_and_told() -> None:
    found = situation(rows(dict.fromkeys(days_ago(2, 9, 16))))
    (remedy,) = remedies(found, form)
    assert remedy.when == "07/11/2026 a 21/11/2026 (15 dias, 3 incompletos)"


def test_nothing_loaded_is_told_with_the_way_to_the_history() -> None:
    empty = situation(rows(first=TODAY + timedelta(days=1)))
    page = markup.unescape(render([(empty, UnderWay())], NOW, form))
    assert "Nada foi carregado ainda." in page
    assert "Até agora não há pedidos nem comparações." in page
    assert 'href="../form/z316_daily"' in page
    assert '{"from_date": "2025-10-20", "to_date": "2026-11-22"}' in page
    assert "<table>" not in page
    assert page.count("—") >= 2, "neither a webhook nor a load"


def test_a_young_store_is_told_where_it_begins() -> None:
    page = render([(situation(rows(first=TODAY - timedelta(days=9))), None)], NOW, form)
    assert "Antes de 14/11/2026 não há pedidos nem comparações." in page
    assert "Tudo está dentro até 22/11/2026." in page


@pytest.mark.parametrize("days", [1, 2])
def test_a_store_of_which_no_day_is_over_is_not_complete(days: int) -> None:
    """The first orders came today, or on a day that need not be complete yet."""
    first = TODAY - timedelta(days=days - 1)
    found = replace(situation(rows(first=first)), pending_from=first)
    assert verdict(found) == (
        State.MISSING,
        f"Antes de {first:%d/%m/%Y} nada foi carregado nem comparado.",
    )
    assert "Carregar o histórico" in render([(found, None)], NOW, form)


@pytest.mark.parametrize("rejects", [1, 3])
def test_rejects_do_not_hide_that_nothing_older_is_loaded(rejects: int) -> None:
    found = situation(rows({TODAY: with_rejects(TODAY, rejects)}, first=TODAY))
    out = f"{rejects} rejeitado{'s' if rejects > 1 else ''} ainda fora."
    assert verdict(found) == (State.MISSING, f"Antes de 23/11/2026 nada foi carregado nem comparado; {out}")


@pytest.mark.parametrize("many", [1, 3, 35])
@pytest.mark.parametrize("newest", [0, 1])
def test_rejects_that_are_still_out_are_told_with_what_puts_them_back(many: int, newest: int) -> None:
    days = days_ago(*range(newest, min(newest + many, SHOWN_DAYS)))
    found = situation(rows({day: with_rejects(day, 2) for day in days}))
    count = 2 * len(days)
    assert verdict(found) == (State.DIFFERS, f"{count} rejeitados ainda fora.")
    (remedy,) = remedies(found, form)
    assert remedy.when == f"{count} pedidos rejeitados"
    assert remedy.said.startswith(f"De {formats.days(days[-1], days[0])}.")
    assert "na Tiny" in remedy.said
    assert remedy.link == "../form/z316_put_back"
    assert remedy.more == max(0, count - 20)
    conf = [json.loads(shlex.split(line)[-1]) for line in remedy.command.splitlines()]
    orders = [each.pedido for each in found.rejected][:5]
    assert [int(each["order"]) for each in conf] == orders, "one by one, none takes others along"
    # A file that waited over midnight is in the folder of the day before.
    assert conf[0] == {
        "from_date": f"{days[0] - timedelta(days=1)}",
        "to_date": f"{days[0]}",
        "order": str(orders[0]),
    }


@pytest.mark.parametrize(("orders", "files"), [(1, 0), (0, 1), (3, 3), (300, 40)])
def test_each_reject_is_named_with_its_field_its_reason_and_its_folder(orders: int, files: int) -> None:
    (day,) = days_ago(3)
    found = situation(rows({day: with_rejects(day, orders, files)}))
    text = markup.unescape(render([(found, None)], NOW, form))
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))
    reported = re.findall(r"(\d{9}) campo pdv.totalVenda: expected a number, found text", plain)
    named = re.findall(r"(2026-11-20-\d+.json) campo \(file\): expected a number, found text", plain)
    assert (len(set(reported)), len(set(named))) == (min(orders, 20), min(files, 20))
    assert ("… e mais 280, na tabela rejeitados." in plain) is (orders == 300)
    assert ("… e mais 20, na tabela rejeitados." in plain) is (files == 40)
    links = re.findall(r'<a href="(https:[^"]+)">Abrir a pasta', text)
    assert links == ["https://storage.example/rejected/dt=2026-11-20"] * ((orders > 0) + (files > 0))


def test_a_file_is_not_corrected_in_tiny() -> None:
    older, newer = days_ago(4, 3)
    found = situation(rows({older: with_rejects(older, 1), newer: with_rejects(newer, 0, 2)}))
    orders, files = remedies(found, form)
    assert (orders.when, files.when) == ("1 pedido rejeitado", "2 arquivos rejeitados")
    assert files.said.startswith("De 20/11/2026. Sem pedido que se possa ler: não há o que corrigir na Tiny.")
    assert "sete dias" in files.said
    assert '{"from_date": "2026-11-20", "to_date": "2026-11-20", "field": "(file)"}' in files.command
    assert len(files.command.splitlines()) == 1, "files of one day and one cause go together"
    assert '"order"' in orders.command


@pytest.mark.parametrize("field", ["it's", 'a"b', "dados.número"])
def test_a_command_of_a_field_can_be_copied(field: str) -> None:
    (day,) = days_ago(3)
    known = with_rejects(day, 0, 1)
    known["files_out"] = [reason(file="a.json", field=field)]
    (remedy,) = remedies(situation(rows({day: known})), form)
    assert json.loads(shlex.split(remedy.command)[-1])["field"] == field


@pytest.mark.parametrize("rejects", [0, 1, 3])
def test_a_day_that_differs_names_the_rejects_as_the_first_thing_to_do(rejects: int) -> None:
    (day,) = days_ago(3)
    found = situation(rows({day: with_rejects(day, rejects) | {"still_differ": 1}}))
    assert ("Um pedido rejeitado difere até ser devolvido" in remedies(found, form)[-1].said) is (rejects > 0)


def test_what_a_reject_does_not_say_is_left_open() -> None:
    (day,) = days_ago(3)
    known = with_rejects(day, 1)
    known["orders_out"] = [dict.fromkeys(("field", "expected", "found", "file")) | {"pedido": 7}]
    page = render([(situation(rows({day: known})), None)], NOW)
    assert "None" not in page


@pytest.mark.parametrize("in_tiny", [1, 270])
def test_a_compared_day_without_orders_differs(in_tiny: int) -> None:
    (day,) = days_ago(9)
    found = situation(rows({day: row(day, 0, in_tiny)}))
    assert verdict(found) == (State.DIFFERS, "1 dia difere da Tiny.")
    assert [each.command.split()[3] for each in remedies(found, form)] == ["z316_reconcile"]


def test_the_figures_of_the_last_days() -> None:
    (day,) = days_ago(1)
    known = rows({day: good(day) | {"orders": 1234, "rejects": 2, "notes": 3}})
    page = render([(situation(known), None)], NOW)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "✓ 22/11/2026 12 1.234 2 3 22/11/2026 às 05:00" in text
    assert "Rejeitados 2 em 35 dias, ainda fora" in text
    assert "Valores vazios 3 em 35 dias; não puderam ser lidos" in text
    assert text.count("às 05:00") == SHOWN_DAYS


@pytest.mark.parametrize("files", [1, 3])
@pytest.mark.parametrize("ago", [0, 1, 3])
def test_a_file_about_no_order_is_no_hole_once_its_day_is_complete(ago: int, files: int) -> None:
    (day,) = days_ago(ago)
    changed = {day: with_rejects(day, 0, files) | ({} if ago else {"orders_in_tiny": None})}
    found = situation(rows(changed))
    state, text = verdict(found)
    assert (state is State.COMPLETE) is (ago > 0)
    assert ("rejeitado" in text) is (ago == 0)
    # It is still listed, with the folder in which it is.
    assert remedies(found, form)[0].when.endswith("rejeitados" if files > 1 else "rejeitado")


@pytest.mark.parametrize("orders", [1, 3])
def test_an_order_that_was_set_aside_is_a_hole_whatever_its_day_says(orders: int) -> None:
    (day,) = days_ago(3)
    state, text = verdict(situation(rows({day: with_rejects(day, orders, 2)})))
    assert state is State.DIFFERS
    assert text == f"{orders} rejeitado{'s' if orders > 1 else ''} ainda fora."


@pytest.mark.parametrize(
    ("minutes", "stale"), [(0, False), (60, False), (135, False), (136, True), (99_999, True)]
)
def test_an_old_page_says_so(minutes: int, stale: bool) -> None:
    page = render([(situation(), None)], NOW + timedelta(minutes=minutes))
    assert ("Isto é antigo: a DAG z316_watch" in page) is stale


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "agora"), (1, "há 1 minuto"), (119, "há 119 minutos"), (120, "há 2 horas"), (2880, "há 2 dias")],
)
def test_ages(minutes: int, text: str) -> None:
    assert age(timedelta(minutes=minutes)) == text


@pytest.mark.parametrize("bad", ["<b>Loja</b>", '"><script>alert(1)</script>', "{{ 7 * 7 }}", "L'oja & Cia"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_names_are_text_never_markup(bad: str, place: int) -> None:
    names = ["Loja A", "Loja B", "Loja C"]
    names[place] = bad
    stores = [
        (situation(prefix=f"loja{number}", name=name), UnderWay((Run(bad),)))
        for number, name in enumerate(names)
    ]
    page = render(stores, NOW, lambda _: bad, problem=bad)
    assert "<script" not in page
    assert "<b>" not in page
    # In the menu, the heading, the run and the problem.
    assert page.count(str(markup.escape(bad).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"))) >= 4


def test_the_page_needs_nothing_from_outside() -> None:
    page = render([(situation(rows(dict.fromkeys(days_ago(1, 2, 90)))), UnderWay())], NOW, form)
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert len(page) < 200_000


def test_several_stores_have_a_menu_with_their_states() -> None:
    stores = [
        (situation(prefix="z316"), None),
        (replace(situation(rows(dict.fromkeys(days_ago(3))), prefix="b2"), name="Loja B"), None),
    ]
    page = render(stores, NOW, form)
    assert '<a class="state-c" href="#z316">' in page
    assert '<a class="state-m" href="#b2">Loja B</a>' in page
    assert "<nav" not in render(stores[:1], NOW, form)


def test_without_airflow_beside_it_the_page_has_commands_and_no_links() -> None:
    page = render([(situation(rows(dict.fromkeys(days_ago(3)))), None)], NOW)
    assert "<a " not in page
    assert "airflow dags trigger z316_reconcile" in page
