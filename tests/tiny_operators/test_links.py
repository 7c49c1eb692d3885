"""Without emulators the links lead to Google's console."""

from __future__ import annotations

import pytest

from tiny_operators import links


@pytest.fixture(autouse=True)
def on_google(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)


@pytest.mark.parametrize(
    ("url", "ends"),
    [
        (links.folder_url("b", "runs/k/"), "/storage/browser/b/runs/k"),
        (links.folder_url("b", "rejected/dt=2026-01-02/"), "/storage/browser/b/rejected/dt%3D2026-01-02"),
        (links.object_url("b", "rows/pdv/k.ndjson"), "/storage/browser/_details/b/rows/pdv/k.ndjson"),
        (links.table_url("p", "d.pdv"), "/bigquery?referrer=search&project=p&d=d&p=p&page=table&t=pdv"),
        (links.job_url("p", "us-east1", "j"), "/bigquery?project=p&ws=!1m5!1m4!1m3!1sp!2sj!3sus-east1"),
    ],
)
def test_console(url: str, ends: str) -> None:
    assert url == f"https://console.cloud.google.com{ends}"


@pytest.mark.parametrize("link", links.LINKS)
def test_each_link_has_a_key_of_its_own(link: type[links.KeptLink]) -> None:
    assert link().xcom_key == link.key
    assert link.name
    assert [other.key for other in links.LINKS].count(link.key) == 1
