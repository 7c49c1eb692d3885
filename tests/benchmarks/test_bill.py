"""What Google bills: which requests are of which class, and the least that a run needs."""

from __future__ import annotations

import pytest

from benchmarks.batch import Batch
from benchmarks.front import Counts
from benchmarks.table.bill import Bill, _billed, _least


def run_of(orders: int, kinds: dict[str, int], *, products: int = 1, reads: int = 18) -> Batch:
    calls = {"pdv.pedido.obter": orders, "pedidos.pesquisa": 1, "produto.obter": products}
    google = Counts(sum(kinds.values()), kinds, 0, 3, 10, reads)
    return Batch(orders, calls, google, 0, 0, 0.0, ())


@pytest.mark.parametrize("times", [1, 3, 45])
@pytest.mark.parametrize(
    ("kind", "billed"),
    [
        ("storage.objects.insert multipart", (1, 0)),
        ("storage.objects.insert resumable", (1, 0)),
        ("storage.objects.copy", (1, 0)),
        ("storage.objects.rewrite", (1, 0)),
        ("storage.objects.list", (1, 0)),
        ("storage.objects.get", (0, 1)),
        ("storage.buckets.get", (0, 1)),
        ("storage.objects.delete", (0, 0)),
        ("bigquery.tables.list", (0, 0)),
        ("bigquery.tables.get", (0, 0)),
        ("bigquery.jobs.insert load", (0, 0)),
    ],
)
def test_each_kind_of_request_has_its_class(kind: str, billed: tuple[int, int], times: int) -> None:
    class_a, class_b = billed
    assert _billed(run_of(1, {kind: times}, reads=0)) == Bill(class_a * times, class_b * times, 0)


def test_each_table_that_a_statement_reads_is_billed() -> None:
    assert [_billed(run_of(1, {}, reads=reads)).megabytes for reads in (0, 1, 18)] == [0, 10, 180]


@pytest.mark.parametrize(
    ("orders", "products", "webhooks", "known", "least"),
    [
        (1, 1, 1, 0, Bill(9, 5, 90)),
        (3, 3, 1, 0, Bill(13, 9, 90)),
        (45, 5, 1, 0, Bill(59, 55, 90)),
        (20, 0, 0, 1, Bill(6, 3, 100)),
        (21, 0, 0, 1, Bill(7, 4, 100)),
        (100, 40, 0, 1, Bill(50, 47, 100)),
    ],
)
def test_the_least_of_a_run(orders: int, products: int, webhooks: int, known: int, least: Bill) -> None:
    assert _least(run_of(orders, {}, products=products), webhooks, known) == least
