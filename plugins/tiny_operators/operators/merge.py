"""The merge of a run's rows, and how many rows each of the tables got from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tiny_operators._compat import Context, run_id_of
from tiny_operators.lineage import Lineage, in_bigquery, operator_lineage
from tiny_operators.links import TableLink, table_url
from tiny_operators.operators.query import QueryOperator


class MergeOperator(QueryOperator):
    """Runs the merge; then the event of each asset that it updates has ``rows`` and ``run`` as its extra.

    All tables are merged by one script, so all of them have an event; ``rows`` is 0 for a table that got none.

    Args:
        table: The table that its link opens, as ``dataset.table``.
        staging: The tables that are merged, as ``dataset.table``; a template.
        of_task: The task that built the rows, and counted them by table.
        **kwargs: See :class:`QueryOperator`.
    """

    template_fields: Sequence[str] = (*QueryOperator.template_fields, "staging")
    operator_extra_links = (*QueryOperator.operator_extra_links, TableLink())

    def __init__(self, *, table: str, staging: Sequence[str], of_task: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.staging = staging
        self.of_task = of_task

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Report the tables to OpenLineage; the provider's own way asks BigQuery for each statement of the script."""
        merged = (asset.uri.removeprefix("bigquery://").replace("/", ".") for asset in self.outlets)
        staging = (f"{self.project_id}.{table}" for table in self.staging)
        return operator_lineage(Lineage(in_bigquery(staging), in_bigquery(merged)), str(self.job_id))

    def post_execute(self, context: Context, result: Any = None) -> None:
        """Describe the update; done here, since Airflow warns of an `execute` that calls its parent's."""
        TableLink.persist(context, table_url(str(self.project_id), self.table))
        counts: dict[str, int] = context["ti"].xcom_pull(task_ids=self.of_task) or {}
        for asset in self.outlets:
            rows = counts.get(asset.uri.rpartition("/")[2], 0)
            context["outlet_events"][asset].extra = {"rows": rows, "run": run_id_of(context)}
