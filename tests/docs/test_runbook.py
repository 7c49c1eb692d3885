"""The runbook names every alert, its SQL runs, and what it triggers exists and takes what it is given."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tiny_operators.stores import Store
from tiny_operators.warehouse.views import create_views

REPO: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (REPO / "docs" / "runbook.md").read_text(encoding="utf-8")
ALERTS: Final = (REPO / "deploy" / "terraform" / "alerts.tf").read_text(encoding="utf-8")
QUERIES: Final = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
_RUN: Final = (
    r'gcloud composer environments run "\$ENVIRONMENT" --location "\$LOCATION" (dags [\w-]+) -- (.*)'
)
COMMANDS: Final = re.findall(_RUN, re.sub(r"\s*\\\n\s*", " ", PAGE))


def titles() -> set[str]:
    """Titles of the alerts, without the name of the store."""
    found = re.findall(r'(?:title|display_name) += "((?:[^"$]|\$\{[^}]*\})+)"', ALERTS)
    titles = {re.sub(r"^\$\{[^}]*\}: ", "", title) for title in found}
    # Of a notification channel and of conditions.
    return {
        title for title in titles if "$" not in title and not title.startswith(("no event=", "not healthy"))
    }


def test_every_alert_is_in_the_runbook_and_no_other() -> None:
    (table,) = re.findall(r"\| alert \| what to do \|\n\| --- \| --- \|\n((?:\|.*\n)+)", PAGE)
    assert {line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()} == titles()
    assert len(titles()) >= 14


def test_all_commands_of_airflow_are_looked_at() -> None:
    assert PAGE.count("gcloud composer environments run") == len(COMMANDS)


@pytest.mark.parametrize(("command", "words"), COMMANDS)
def test_what_is_run_exists_and_takes_what_it_is_given(command: str, words: str, dags: Any) -> None:
    dag = dags[re.search(r"z316_\w+", words)[0]]  # type: ignore[index]
    if (given := re.search(r"--conf '(.*?)'", words)) is None:
        assert "--conf" not in words
        return
    assert command == "dags trigger"
    conf = json.loads(given[1])
    params = copy.deepcopy(dag.params)
    assert set(conf) <= set(params), "the form has no such field"
    params.update(conf)
    params.validate()


@pytest.mark.stack
@pytest.mark.parametrize("query", QUERIES)
def test_the_sql_runs(query: str, store: Store) -> None:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    client = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    create_views(client, store)
    assert store.dataset in query
    client.query_and_wait(query)
