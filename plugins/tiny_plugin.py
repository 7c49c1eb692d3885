"""What Airflow itself must know of the package: the links from tasks, and the pages of its UI."""

from functools import cached_property
from typing import Any

from tiny_operators._compat import AirflowPlugin
from tiny_operators._compat_web import external_views, fastapi_pages, flask_pages, menu_items
from tiny_operators.links import LINKS
from tiny_operators.web_pages import FOLDER, PAGE, TITLES, situation_page

_PAGES = {PAGE: situation_page}


class TinyPlugin(AirflowPlugin):
    """Registers the links and the pages. Only a web server asks for pages, so nobody else loads its packages."""

    name = "tiny_operators"
    operator_extra_links = [link() for link in LINKS]  # noqa: RUF012 - Airflow reads a plain class attribute
    appbuilder_menu_items = menu_items(FOLDER, TITLES)
    external_views = external_views(FOLDER, TITLES)

    @cached_property
    def flask_blueprints(self) -> list[Any]:  # type: ignore[override]
        """Pages of Airflow 2.11."""
        return flask_pages(FOLDER, _PAGES)

    @cached_property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """Pages of Airflow 3."""
        return fastapi_pages(FOLDER, _PAGES)
