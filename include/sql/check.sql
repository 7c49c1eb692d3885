-- After a merge: what must be true of the orders of this run, and of no others: an odd order fails the run that loaded
-- it, and not every later one. The job fails with the names of the checks that failed and up to ten orders of each.
--
-- Each file in checks/ is one SELECT of what is wrong: the order (pedido, null where it is about none) and what it is.
-- They read the rows of this run (made_pdv, …), what was counted when they were made, and the rows of its orders in the
-- tables (pdv, …): as the merges, only the partitions that hold them.
{% set checks = {
  'counts': 'rows were lost between the files and the staging tables',
  'merged': 'the table has not the reading that it should have',
  'keys_unique': 'a key stands twice',
  'no_nulls': 'a column is empty that never is',
  'items_add_up': 'the items do not add up to the order',
  'orders_listed': 'the order stands in one of pdv and pesquisa only',
  'products_known': 'a product has neither a row in produto nor a reason in rejeitados',
  'reject_share': 'so many were rejected that it is not a bad order but a change of the API'
} -%}
DECLARE ids ARRAY<INT64> DEFAULT IFNULL(
  (
    SELECT ARRAY_AGG(DISTINCT id IGNORE NULLS)
    FROM (
      SELECT id FROM `{{ staging('pdv', dag, run_id) }}`
      UNION ALL
      SELECT SAFE_CAST(id AS INT64) AS id FROM `{{ staging('pesquisa', dag, run_id) }}`
      UNION ALL
      SELECT pedido_id AS id FROM `{{ staging('produto', dag, run_id) }}`
    )
  ), []
);
-- In pesquisa ids are text.
DECLARE text_ids ARRAY<STRING> DEFAULT ARRAY(SELECT CAST(id AS STRING) FROM UNNEST(ids) AS id);
-- The partitions of the three tables in which these orders stand: found by the clusters, as the merges find them.
DECLARE days ARRAY<DATE> DEFAULT IFNULL(
  (
    SELECT ARRAY_AGG(DISTINCT day IGNORE NULLS)
    FROM (
      SELECT data AS day
      FROM `{{ target('pdv') }}`
      WHERE id IN UNNEST(ids)
      UNION ALL
      SELECT data_pedido AS day
      FROM `{{ target('pesquisa') }}`
      WHERE id IN UNNEST(text_ids)
    )
  ), []
);
DECLARE arrivals ARRAY<TIMESTAMP> DEFAULT IFNULL(
  (
    SELECT ARRAY_AGG(DISTINCT timestamp IGNORE NULLS)
    FROM `{{ target('produto') }}`
    WHERE pedido_id IN UNNEST(ids)
  ), []
);

WITH
{%- for table, pedido in [('pdv', 'id'), ('pesquisa', 'SAFE_CAST(id AS INT64)'), ('produto', 'pedido_id')] %}
made_{{ table }} AS (
  SELECT
    {{ pedido }} AS pedido,
    *
  FROM `{{ staging(table, dag, run_id) }}`
),
{% endfor %}
made_rejeitados AS (
  SELECT * FROM `{{ staging('rejeitados', dag, run_id) }}`
),

-- What the task that made the rows counted.
counted AS (
  SELECT
    {%- for name, count in ti.xcom_pull(task_ids='rows').items() %}
    {{ count }} AS `{{ name }}`,
    {%- endfor %}
    NUMERIC '{{ reject_share }}' AS reject_share
),

pdv AS (
  SELECT
    id AS pedido,
    *
  FROM `{{ target('pdv') }}`
  WHERE store = {{ store }} AND id IN UNNEST(ids) AND (data IN UNNEST(days) OR data IS NULL)
),

pesquisa AS (
  SELECT
    SAFE_CAST(id AS INT64) AS pedido,
    *
  FROM `{{ target('pesquisa') }}`
  WHERE store = {{ store }} AND id IN UNNEST(text_ids) AND (data_pedido IN UNNEST(days) OR data_pedido IS NULL)
),

produto AS (
  SELECT
    pedido_id AS pedido,
    *
  FROM `{{ target('produto') }}`
  WHERE store = {{ store }} AND pedido_id IN UNNEST(ids) AND (timestamp IN UNNEST(arrivals) OR timestamp IS NULL)
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

orders AS (
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
  FROM orders
  GROUP BY failed
)

SELECT
  IF(
    COUNT(*) = 0,
    'ok',
    ERROR(CONCAT('checks failed: ', STRING_AGG(failure, '; ' ORDER BY failure)))
  ) AS result
FROM failures
