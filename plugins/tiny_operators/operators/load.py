"""Loads: a run's row file of one table into its staging table, unless there are no rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from tiny_operators._compat import AirflowSkipException, Context
from tiny_operators.assets import project_id
from tiny_operators.links import RowsLink, StagingLink, object_url, table_url


class LoadRowsOperator(GCSToBigQueryOperator):
    """Loads a file whose rows were counted when it was written.

    An empty file is not loaded: it would be a job of every table in every run, and what BigQuery does with one is not
    documented.

    Args:
        rows: How many rows the file has; a template. Without a number the file is loaded.
        **kwargs: See :class:`GCSToBigQueryOperator`.

    Raises:
        AirflowSkipException: When there are no rows.
    """

    template_fields: Sequence[str] = (*GCSToBigQueryOperator.template_fields, "rows")
    # The name that people know, for the web interface.
    custom_operator_name = "GCSToBigQueryOperator"
    operator_extra_links = (RowsLink(), StagingLink())  # type: ignore[assignment]

    def __init__(self, *, rows: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = rows

    def pre_execute(self, context: Context) -> None:
        """Skip the load of no rows, else leave the links.

        This is done here, since Airflow warns of an `execute` that calls its parent's.
        """
        super().pre_execute(context)
        if str(self.rows) == "0":
            raise AirflowSkipException("The run has no rows of this table")
        RowsLink.persist(context, object_url(self.bucket, self.source_objects[0]))
        if project := project_id():
            StagingLink.persist(context, table_url(project, self.destination_project_dataset_table))
