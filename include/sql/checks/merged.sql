-- Every row that was built stands in its table, in that reading or in one that goes before it. An order that was found
-- gone is marked, unless it was read again since; of one that was never loaded there is nothing to mark.
{% from 'merge/produto.sql' import goes_before -%}
{%- for table in ['pdv', 'pesquisa'] %}
SELECT
  made.pedido,
  '{{ table }}' AS what
FROM made_{{ table }} AS made
LEFT JOIN {{ table }} AS target ON target.pedido = made.pedido
WHERE
  (made.deleted_at IS NULL AND (target.pedido IS NULL OR target.fetched_at < made.fetched_at))
  OR (made.deleted_at > target.fetched_at AND IFNULL(target.deleted_at < made.deleted_at, TRUE))
  OR target.deleted_at < target.fetched_at
  OR target.timestamp > made.timestamp
UNION ALL
{%- endfor %}
SELECT
  made.pedido,
  CONCAT('produto ', CAST(made.id AS STRING)) AS what
FROM made_produto AS made
LEFT JOIN produto AS target ON target.pedido = made.pedido AND target.id = made.id
WHERE
  target.pedido IS NULL
  OR target.timestamp > made.timestamp
  OR {{ goes_before('made', 'target') }}
