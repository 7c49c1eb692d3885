"""A person opens the page "Está tudo dentro?" from Airflow's menu in a real Chromium, and follows its link."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from local.airflow_ui import ui
from tests.e2e.conftest import Live
from tests.environment import AIRFLOW

pytestmark = [pytest.mark.stack, pytest.mark.e2e]

ON_3 = AIRFLOW == "3"


def from_the_menu(page: Page) -> Page:
    """The page, opened as a person does; on 3 it has a tab of its own."""
    page.get_by_text("Browse", exact=True).first.click()
    entry = page.get_by_text("Está tudo dentro?").first
    if not ON_3:
        entry.click()
        return page
    with page.context.expect_page() as opened:
        entry.click()
    return opened.value


def test_the_page_is_opened_and_its_link_followed(live: Live) -> None:
    live.run("dags", "unpause", "z316_watch")
    live.run("dags", "trigger", "z316_watch")

    def has_looked() -> bool:
        tasks = live.api.get("dags/z316_watch/dagRuns/~/taskInstances?limit=100").get("task_instances", [])
        return any((task["task_id"], task["state"]) == ("situation", "success") for task in tasks)

    live.until("the watch to have looked what is in", has_looked)
    live.run("dags", "pause", "z316_watch")
    with ui(AIRFLOW, live.ui) as seen:
        seen.open("tiny/situacao")
        seen.page.locator(".verdict").wait_for()
        seen.open("")
        shown = from_the_menu(seen.page)
        shown.locator(".verdict").wait_for()
        assert "Empório Zingaro" in shown.inner_text("h2")
        assert shown.locator(".warning").count() == 0, "it is fresh"
        # The stack leaves it paused, so the command unpauses it first.
        unpause, trigger = shown.locator(".before pre").inner_text().splitlines()
        assert unpause == "airflow dags unpause z316_daily"
        assert trigger.startswith("airflow dags trigger z316_daily --conf ")
        shown.locator(".before a").click()
        if ON_3:
            shown.get_by_text("z316_daily").first.wait_for()
        else:
            # A person enters the dates: those of a link would stay in the form for everybody.
            assert shown.locator("[name=element_from_date]").input_value() == ""
        assert "/dags/z316_daily" in shown.url
        assert seen.problems == []
