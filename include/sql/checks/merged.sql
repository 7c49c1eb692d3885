-- Every row that was built stands in its table, in that reading or in one that goes before it. An order that was found
-- gone is marked, unless it was read again since; of one that was never loaded there is nothing to mark.
{% from 'merge/produto.sql' import goes_before -%}
{%- for table in ['pdv', 'pesquisa'] %}
SELECT
  batch.pedido,
  '{{ table }}' AS what
FROM batch_{{ table }} AS batch
LEFT JOIN {{ table }} AS target ON target.pedido = batch.pedido
WHERE
  (batch.deleted_at IS NULL AND (target.pedido IS NULL OR target.fetched_at < batch.fetched_at))
  OR (batch.deleted_at > target.fetched_at AND IFNULL(target.deleted_at < batch.deleted_at, TRUE))
  OR target.deleted_at < target.fetched_at
  OR target.timestamp > batch.timestamp
UNION ALL
{%- endfor %}
SELECT
  batch.pedido,
  CONCAT('produto ', CAST(batch.id AS STRING)) AS what
FROM batch_produto AS batch
LEFT JOIN produto AS target ON target.pedido = batch.pedido AND target.id = batch.id
WHERE
  target.pedido IS NULL
  OR target.timestamp > batch.timestamp
  OR {{ goes_before('batch', 'target') }}
