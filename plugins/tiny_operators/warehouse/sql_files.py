"""The files of ``include/sql`` as templates, for statements that run outside of Airflow's own rendering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiny_operators.stores import include_dir

if TYPE_CHECKING:
    from jinja2 import Environment


def sql_files() -> Environment:
    """Return the environment of the templates, in which a name that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(include_dir() / "sql"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),
    )
