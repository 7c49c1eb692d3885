"""What Airflow itself must know of the package: the link from a task to its run's folder."""

from tiny_operators._compat import AirflowPlugin
from tiny_operators.links import RunFolderLink


class TinyPlugin(AirflowPlugin):
    """Registers the operator link."""

    name = "tiny_operators"
    operator_extra_links = [RunFolderLink()]  # noqa: RUF012 - Airflow reads a plain class attribute
