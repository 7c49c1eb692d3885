"""The web UI of the local Airflow in a real Chromium: what a person opens and presses, on either version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from local.browser import chromium
from local.stack.exports import LOGIN, PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

_NODES: Final = ".react-flow__node"
_PATIENCE_MS: Final = 120_000
_ERRORS: Final = 400
# Airflow's own: 3 asks for its settings before anybody has logged in, 2.11 looks for a field that its page lacks.
_AIRFLOWS_OWN: Final = ("status of 401", "setting 'autocomplete'")


class Ui:
    """A browser that is logged in.

    Args:
        page: The browser's page.
        airflow: The version, "2.11" or "3".
        url: Address of the web server.

    Attributes:
        page: The browser's page.
        problems: What went wrong so far: errors of scripts, and answers that are errors.
    """

    def __init__(self, page: Page, airflow: str, url: str) -> None:
        self.page = page
        self.problems: list[str] = []
        self._two = airflow == "2.11"
        self._url = url
        page.set_default_timeout(_PATIENCE_MS)
        # Also of the tabs that a link opens.
        context = page.context
        context.on("weberror", lambda found: self._note(str(found.error)))
        context.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        self._log_in()
        context.on("response", self._look)

    def open(self, path: str) -> None:
        """Open a page of Airflow."""
        self.page.goto(f"{self._url}/{path}", timeout=_PATIENCE_MS)

    def graph(self, dag: str, least: int = 1) -> int:
        """Open a DAG's graph with its groups open; return how many boxes it has.

        Args:
            dag: The DAG.
            least: How many boxes to wait for.
        """
        if self._two:
            self.open(f"dags/{dag}/grid?tab=graph")
        else:
            self.open(f"dags/{dag}")
            self.page.get_by_label("Show Graph").click()
        # A box is hidden until its size is known, which takes long on a busy machine.
        boxes = self.page.locator(_NODES)
        boxes.first.wait_for(state="attached")
        groups = self.page.get_by_label("Expand all task groups").first
        if groups.is_visible() and groups.is_enabled():
            groups.click()
        boxes.nth(least - 1).wait_for(state="attached")
        return boxes.count()

    def docs(self, dag: str) -> str:
        """Return the text of a DAG's docs, as its page shows it."""
        if self._two:
            self.open(f"dags/{dag}/details")
            self.page.get_by_text("DAG Docs").click()
            box = self.page.locator(".rich_doc").first
        else:
            self.open(f"dags/{dag}")
            self.page.get_by_label("Dag Docs").click()
            box = self.page.get_by_role("dialog")
        box.wait_for()
        return box.inner_text()

    def trigger(self, dag: str, fields: Mapping[str, str]) -> None:
        """Trigger a DAG by its form.

        Args:
            dag: The DAG.
            fields: Texts to write into fields of the form, by name.
        """
        if self._two:
            self.open(f"dags/{dag}/trigger")
            form = self.page.locator("form").filter(has=self.page.locator(f"#element_{next(iter(fields))}"))
        else:
            self.open(f"dags/{dag}")
            self.page.get_by_label("Trigger Dag").click()
            form = self.page.get_by_role("dialog")
        for name, text in fields.items():
            field = form.locator(f"[name=element_{name}]")
            field.fill(text)
            field.blur()
        if self._two:
            self.page.locator("button[type=submit].btn-primary", has_text="Trigger").click()
        else:
            form.get_by_role("button", name="Trigger", exact=True).click()
            form.wait_for(state="hidden")
        self.page.wait_for_load_state()

    def link(self, dag: str, run: str, task: str, name: str) -> str:
        """Return where a link of a task's run leads, by the link's text."""
        if self._two:
            self.open(f"dags/{dag}/grid?dag_run_id={quote(run)}&task_id={task}")
        else:
            self.open(f"dags/{dag}/runs/{quote(run)}/tasks/{task}/details")
        found = self.page.get_by_role("link", name=name, exact=True).first
        found.wait_for()
        return found.get_attribute("href") or ""

    def picture(self, path: Path) -> None:
        """Take a picture of what the window shows."""
        self.page.wait_for_timeout(1500)
        self.page.screenshot(path=path)

    def _log_in(self) -> None:
        self.open("login/" if self._two else "")
        name, password = ("#username", "#password") if self._two else ("[name=username]", "[name=password]")
        self.page.fill(name, LOGIN)
        self.page.fill(password, PASSWORD)
        self.page.click("[type=submit]")
        self.page.wait_for_url(lambda address: "login" not in address)
        self.page.wait_for_load_state()

    def _look(self, response: Response) -> None:
        if response.status >= _ERRORS:
            self._note(f"{response.status} {response.request.method} {response.url}")

    def _note(self, text: str) -> None:
        if not any(own in text for own in _AIRFLOWS_OWN):
            self.problems.append(text[:300])


@contextmanager
def ui(airflow: str, url: str, width: int = 1280, height: int = 800) -> Iterator[Ui]:
    """Open the UI in a Chromium of its own, logged in.

    Args:
        airflow: The version, "2.11" or "3".
        url: Address of the web server.
        width: Width of the window (px).
        height: Its height (px).
    """
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        yield Ui(page, airflow, url)
