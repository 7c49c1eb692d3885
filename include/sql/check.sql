-- After a merge: what must be true of the orders of this run, and of no others: an odd order fails the run that loaded
-- it, and not every later one. The job fails with the names of the checks that failed, and up to ten orders of each.
--
-- Each file in checks/ is one query for what is wrong: the order (pedido, null if it is about none) and what it is.
-- They read the rows of this run (batch_pdv, …), what was counted when they were built, and the rows of its orders in
-- the tables (pdv, …), from the partitions that have them.
{% from 'batch.sql' import find_days, is_of_batch, stands_in -%}
{% set checks = {
  'counts': 'rows were lost between the files and the staging tables',
  'merged': 'the table lacks the newest reading',
  'keys_unique': 'a key stands twice',
  'no_nulls': 'a required column is empty',
  'items_add_up': 'the items do not add up to the order',
  'orders_listed': 'the order stands in one of pdv and pesquisa only',
  'products_known': 'a product has neither a row in produto nor a reason in rejeitados',
  'reject_share': 'so many were rejected that it is not a bad order but a change of the API'
} -%}
{% set row_counts = ti.xcom_pull(task_ids='rows') -%}
{% set bounds = ti.xcom_pull(task_ids='rows', key='batch_bounds') or {} -%}
{% set pedidos = {'pdv': 'id', 'pesquisa': 'SAFE_CAST(id AS INT64)', 'produto': 'pedido_id'} -%}
{% macro ids_of_batch(text=False) -%}
{%- for table, pedido in pedidos.items() if row_counts[table] -%}
SELECT {{ 'CAST(' ~ pedido ~ ' AS STRING)' if text else pedido }} FROM `{{ staging(table, dag, run_id) }}` AS batch
{{- ' UNION ALL ' if not loop.last }}
{%- else -%}
NULL
{%- endfor -%}
{%- endmacro -%}
{% set of_batch = {
  'pdv': is_of_batch('id', bounds, ids_of_batch()),
  'pesquisa': is_of_batch('id', bounds, ids_of_batch(text=True), text=True),
  'produto': is_of_batch('pedido_id', bounds, ids_of_batch())
} -%}
{% set lookups = {} -%}
{% for table in pedidos -%}
{% set _ = lookups.update({table: {
  'table': target(table), 'condition': of_batch[table], 'partition': partition(table)
}}) -%}
{% endfor -%}
{{ find_days(lookups) }}
WITH
{%- for table, pedido in pedidos.items() %}
batch_{{ table }} AS (
  SELECT
    {{ pedido }} AS pedido,
    *
  {%- if row_counts[table] %}
  FROM `{{ staging(table, dag, run_id) }}`
  {%- else %}
  FROM `{{ target(table) }}`
  WHERE FALSE
  {%- endif %}
),

{{ table }} AS (
  SELECT
    {{ pedido }} AS pedido,
    *
  FROM `{{ target(table) }}`
  WHERE
    store = {{ store }}
    AND {{ of_batch[table] }}
    AND {{ stands_in(table ~ '_days', **partition(table)) }}
),
{% endfor %}
batch_rejeitados AS (
  {%- if row_counts.rejeitados %}
  SELECT * FROM `{{ staging('rejeitados', dag, run_id) }}`
  {%- else %}
  SELECT
    CAST(NULL AS STRING) AS id,
    CAST(NULL AS INT64) AS pedido,
    CAST(NULL AS INT64) AS produto,
    CAST(NULL AS STRING) AS step,
    CAST(NULL AS STRING) AS field,
    CAST(NULL AS STRING) AS kind
  LIMIT 0
  {%- endif %}
),

-- What the task that built the rows counted.
counted AS (
  SELECT
    {%- for name, count in row_counts.items() %}
    {{ count }} AS `{{ name }}`,
    {%- endfor %}
    NUMERIC '{{ reject_share }}' AS reject_share
),

wrong AS (
  {%- for check in checks %}
  SELECT
    '{{ check }}' AS failed,
    pedido,
    what
  FROM (
    {% import 'checks/' ~ check ~ '.sql' as found -%}
    {{ found | string | indent(4) }}
  )
  {{ 'UNION DISTINCT' if not loop.last }}
  {%- endfor %}
),

wrong_orders AS (
  SELECT
    failed,
    CONCAT(
      IFNULL(CONCAT(CAST(pedido AS STRING), ' '), ''),
      '(', STRING_AGG(what, ', ' ORDER BY what LIMIT 10), ')'
    ) AS about
  FROM wrong
  GROUP BY failed, pedido
),

failures AS (
  SELECT
    CONCAT(
      failed, ': ',
      CASE failed
        {%- for check, meaning in checks.items() %}
        WHEN '{{ check }}' THEN '{{ meaning }}'
        {%- endfor %}
      END,
      ', ', CAST(COUNT(*) AS STRING), ' found: ', STRING_AGG(about, ', ' ORDER BY about LIMIT 10)
    ) AS failure
  FROM wrong_orders
  GROUP BY failed
)

SELECT
  IF(
    COUNT(*) = 0,
    'ok',
    ERROR(CONCAT('checks failed: ', STRING_AGG(failure, '; ' ORDER BY failure)))
  ) AS result
FROM failures
