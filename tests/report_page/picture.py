"""Take the picture of the page "Está tudo dentro?" for the documents: ``python -m tests.report_page.picture``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from local.browser import chromium
from tests.situations import example_page

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "situacao.png"


def main() -> None:
    """Open an invented store's page, and keep what is seen of it without scrolling."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "situacao.html"
        path.write_text(example_page(), encoding="utf-8")
        page = browser.new_page(viewport={"width": 900, "height": 2050})
        page.goto(path.as_uri())
        page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
