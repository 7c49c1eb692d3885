-- Every row that the task rows built was loaded, once.
{%- for table in ['produto', 'pesquisa', 'pdv', 'rejeitados'] %}
SELECT
  CAST(NULL AS INT64) AS pedido,
  CONCAT(
    '{{ table }}: ', CAST(counted.{{ table }} AS STRING), ' built, ', CAST(loaded.row_count AS STRING), ' loaded'
  ) AS what
FROM (SELECT COUNT(*) AS row_count FROM batch_{{ table }}) AS loaded
CROSS JOIN counted
WHERE counted.{{ table }} != loaded.row_count
{{ 'UNION ALL' if not loop.last }}
{%- endfor %}
