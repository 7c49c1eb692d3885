-- Orders and files that were set aside in the last seven days and have not been loaded since: the job fails when
-- there are more than the stores file allows, and says which orders.
DECLARE orders ARRAY<INT64> DEFAULT IFNULL(
  (
    SELECT ARRAY_AGG(DISTINCT pedido IGNORE NULLS)
    FROM `{{ target('rejeitados') }}`
    WHERE
      rejected_at > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY)
      AND store = {{ store }}
      AND IFNULL(kind, 'reject') = 'reject'
  ), []
);

WITH loaded AS (
  SELECT
    id AS pedido,
    fetched_at
  FROM `{{ target('pdv') }}`
  WHERE id IN UNNEST(orders) AND store = {{ store }}
),

left_aside AS (
  SELECT DISTINCT
    rejeitados.pedido,
    IF(rejeitados.pedido IS NULL, rejeitados.file, NULL) AS file
  FROM `{{ target('rejeitados') }}` AS rejeitados
  LEFT JOIN loaded
    ON
      loaded.pedido = rejeitados.pedido
      AND loaded.fetched_at > rejeitados.rejected_at
  WHERE
    rejeitados.rejected_at > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY)
    AND rejeitados.store = {{ store }}
    AND rejeitados.produto IS NULL
    AND IFNULL(rejeitados.kind, 'reject') = 'reject'
    AND loaded.pedido IS NULL
)

SELECT
  IF(
    COUNT(*) <= {{ rejects_limit }},
    'ok',
    ERROR(
      CONCAT(
        'checks failed: ', CAST(COUNT(*) AS STRING), ' orders and files are set aside, more than {{ rejects_limit }}; ',
        'of the orders: ',
        IFNULL(STRING_AGG(CAST(pedido AS STRING), ', ' ORDER BY pedido LIMIT 10), 'none')
      )
    )
  ) AS result
FROM left_aside
