"""What Airflow itself must know of the package: the link from a task to its run's folder, and the timetable."""

from tiny_operators._compat import AirflowPlugin
from tiny_operators.links import RunFolderLink
from tiny_operators.timetables import StoreDayTimetable


class TinyPlugin(AirflowPlugin):
    """Registers the operator link and the timetable; Airflow stores no DAG whose timetable is not registered."""

    name = "tiny_operators"
    operator_extra_links = [RunFolderLink()]  # noqa: RUF012 - Airflow reads a plain class attribute
    timetables = [StoreDayTimetable]  # noqa: RUF012 - as above
