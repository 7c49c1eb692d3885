-- The keys and the pipeline's own columns are never empty, neither in the rows that were built nor in the tables; nor
-- is the order's day, where Tiny gives one, since reports find an order by it. A row that only marks an order as gone
-- has none.
{%- for rows in ['batch_pdv', 'batch_pesquisa', 'batch_produto', 'pdv', 'pesquisa', 'produto'] %}
SELECT
  pedido,
  '{{ rows }}' AS what
FROM {{ rows }}
WHERE
  pedido IS NULL
  OR id IS NULL
  OR store IS NULL
  OR uuid IS NULL
  OR timestamp IS NULL
  OR fetched_at IS NULL
  OR source_id IS NULL
  {{ 'OR update_timestamp IS NULL' if not rows.startswith('batch_') }}
UNION ALL
{%- endfor %}
SELECT
  pedido,
  'batch_pdv.data' AS what
FROM batch_pdv
WHERE
  data IS NULL
  AND REGEXP_CONTAINS(IFNULL(JSON_VALUE(payload, '$.data'), JSON_VALUE(payload, '$.data_pedido')), '[1-9]')
UNION ALL
SELECT
  pedido,
  'batch_pesquisa.data_pedido' AS what
FROM batch_pesquisa
WHERE data_pedido IS NULL AND REGEXP_CONTAINS(JSON_VALUE(payload, '$.data_pedido'), '[1-9]')
