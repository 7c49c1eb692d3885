"""What Airflow itself must know of the package: the links from tasks."""

from tiny_operators._compat import AirflowPlugin
from tiny_operators.links import LINKS


class TinyPlugin(AirflowPlugin):
    """Registers the operator links."""

    name = "tiny_operators"
    operator_extra_links = [link() for link in LINKS]  # noqa: RUF012 - Airflow reads a plain class attribute
