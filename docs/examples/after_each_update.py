"""Example of an Airflow DAG of your own: it runs each time that orders were merged into the table ``pdv``.

Copy it into dags/ and change the query. It works on Airflow 2.11 and 3.
"""

import pendulum
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator

from tiny_operators._compat import DAG
from tiny_operators.assets import table_asset
from tiny_operators.stores import load_stores

QUERY = """
CREATE OR REPLACE TABLE {{ params.dataset }}.sales_by_seller AS
SELECT id_vendedor, COUNT(*) AS orders, SUM(totalVenda) AS total
FROM {{ params.tables }}.pdv
WHERE data >= DATE_TRUNC(CURRENT_DATE('America/Sao_Paulo'), MONTH) AND deleted_at IS NULL
GROUP BY id_vendedor
"""

store = load_stores()[0]

with DAG(
    dag_id="example_after_each_update",
    description="Runs when the table pdv was updated",
    schedule=[table_asset(store, "pdv")],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["example"],
):
    BigQueryInsertJobOperator(
        task_id="sales_by_seller",
        configuration={"query": {"query": QUERY, "useLegacySql": False}},
        params={"dataset": "my_dataset", "tables": store.dataset},
        location=store.location,
    )
