-- What a comparison found and did, a row a date; then an error with what still differs. A try again writes the same.
{% from 'merge/reconciliation.sql' import merge_reconciliation -%}
{% set batch = staging('reconciliation', dag, run_id) -%}
{{ merge_reconciliation(target('reconciliation'), batch, column_names('reconciliation')) }}

WITH open_dates AS (
  SELECT
    date,
    ARRAY_LENGTH(unrepaired) AS orders,
    (
      SELECT STRING_AGG(CAST(pedido AS STRING), ', ' ORDER BY pedido LIMIT 10)
      FROM UNNEST(unrepaired) AS pedido
    ) AS first_orders
  FROM `{{ batch }}`
  WHERE ARRAY_LENGTH(unrepaired) > 0
)

SELECT
  IF(
    COUNT(*) = 0,
    'ok',
    ERROR(
      CONCAT(
        'checks failed: ', CAST(SUM(orders) AS STRING),
        IF(SUM(orders) = 1, ' order still differs', ' orders still differ'), ' between Tiny and BigQuery ',
        '(all of them stand in the table reconciliation, column unrepaired): ',
        STRING_AGG(CONCAT(CAST(date AS STRING), ': ', first_orders, IF(orders > 10, ', …', '')), '; ' ORDER BY date)
      )
    )
  ) AS result
FROM open_dates;
