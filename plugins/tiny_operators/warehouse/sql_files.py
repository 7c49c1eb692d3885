"""The files of ``include/sql`` as templates, for statements that run outside of Airflow's own rendering."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tiny_operators.stores import include_dir

if TYPE_CHECKING:
    from jinja2 import Environment


def sql_files(folder: Path | None = None) -> Environment:
    """Return the environment of the templates, in which a name that is not given is an error.

    Args:
        folder: The folder of the files; None for ``include/sql``.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(folder or include_dir() / "sql"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),
    )
