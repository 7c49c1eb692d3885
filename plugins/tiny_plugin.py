"""What Airflow itself must know of the package: the links from tasks, and the page in its UI."""

from functools import cached_property
from typing import Any

from tiny_operators._compat import AirflowPlugin
from tiny_operators._compat_web import external_views, fastapi_page, flask_page, menu_items
from tiny_operators.links import LINKS
from tiny_operators.web_pages import FOLDER, PAGE, TITLE, situation_page


class TinyPlugin(AirflowPlugin):
    """Registers the links and the page. Only a web server asks for the page, so nobody else loads its packages."""

    name = "tiny_operators"
    operator_extra_links = [link() for link in LINKS]  # noqa: RUF012 - Airflow reads a plain class attribute
    appbuilder_menu_items = menu_items(FOLDER, PAGE, TITLE)
    external_views = external_views(FOLDER, PAGE, TITLE)

    @cached_property
    def flask_blueprints(self) -> list[Any]:  # type: ignore[override]
        """The page of Airflow 2.11."""
        return flask_page(FOLDER, PAGE, situation_page)

    @cached_property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """The page of Airflow 3."""
        return fastapi_page(FOLDER, PAGE, situation_page)
