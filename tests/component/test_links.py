"""The links that tasks leave lead to what they name; on the local stack to its own places."""

from __future__ import annotations

import uuid

import pytest
import requests

from local.demo.parts import Warehouse
from tests.component.whole_runs import Sold
from tiny_operators.links import LINKS, JobLink, RejectsLink, RowsLink, RunFolderLink, StagingLink, TableLink

pytestmark = pytest.mark.stack


def test_every_link_opens_what_it_names(sold: Sold, warehouse: Warehouse) -> None:
    bad = f"by-hand/{uuid.uuid4()}.json"
    warehouse.storage_client().bucket(warehouse.webhook_bucket).blob(bad).upload_from_string("no JSON")
    bad_order, *orders = sold.orders
    sold.simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(bad_order), times=None)
    left = sold.run().links({link.key for link in LINKS})
    tables = ("produto", "pesquisa", "pdv", "rejeitados")
    assert {name for name in left if name[1] != RunFolderLink.key} == {
        ("archive", RejectsLink.key),
        ("rows", RejectsLink.key),
        *((f"load_{table}", key) for table in tables for key in (RowsLink.key, StagingLink.key)),
        ("merge", JobLink.key),
        ("merge", TableLink.key),
        ("check", JobLink.key),
    }
    shown = {name: requests.get(url, timeout=60) for name, url in left.items()}
    assert {name: answer.status_code for name, answer in shown.items() if answer.status_code != 200} == {}
    for pedido in orders:
        assert str(pedido) in shown["load_pdv", RowsLink.key].text
        assert str(pedido) in shown["load_pdv", StagingLink.key].text
    assert "plan.json" in shown["archive", RunFolderLink.key].text
    for task in ("rows", "archive"):
        assert bad.rpartition("/")[2] in shown[task, RejectsLink.key].text
        assert str(bad_order) in shown[task, RejectsLink.key].text
    assert "DONE" in shown["merge", JobLink.key].text
