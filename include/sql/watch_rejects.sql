-- Orders and files that were set aside in the last seven days and have not been loaded since: the job fails when
-- there are more than the stores file allows, and says which orders.
--
-- The first and the last of these orders are all that is kept of them: pdv is clustered by its ids, so only the blocks
-- between the two are read.
{% set recent -%}
rejected_at > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY) AND store = {{ store }}
AND IFNULL(kind, 'reject') = 'reject'
{%- endset -%}
{% for name, end in {'first_order': 'MIN', 'last_order': 'MAX'}.items() -%}
DECLARE {{ name }} INT64 DEFAULT (
  SELECT {{ end }}(pedido)
  FROM `{{ target('rejeitados') }}`
  WHERE {{ recent }}
);
{% endfor %}
WITH loaded AS (
  SELECT
    id AS pedido,
    fetched_at
  FROM `{{ target('pdv') }}`
  WHERE id BETWEEN first_order AND last_order AND store = {{ store }}
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
        'checks failed: ', CAST(COUNT(*) AS STRING),
        IF(COUNT(*) = 1, ' order or file is', ' orders and files are'), ' set aside, more than {{ rejects_limit }}; ',
        'of the orders: ',
        IFNULL(STRING_AGG(CAST(pedido AS STRING), ', ' ORDER BY pedido LIMIT 10), 'none')
      )
    )
  ) AS result
FROM left_aside
