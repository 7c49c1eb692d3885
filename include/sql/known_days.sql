-- What the tables know of each of some days: its orders, its newest comparison with Tiny, and what was set aside on it.
-- An order that was loaded after it was set aside no longer counts; it is looked for on these days only. Nothing tells
-- whether a file without an order was dealt with: it counts for seven days, as in watch_rejects.sql. Of each day the
-- newest orders and files that are out come with their reasons; more would be read by nobody.
WITH days AS (
  SELECT day
  FROM UNNEST(GENERATE_DATE_ARRAY(@first, @last)) AS day
),

listed AS (
  SELECT
    data_pedido AS day,
    COUNTIF(deleted_at IS NULL) AS orders,
    MAX(update_timestamp) AS last_load,
    -- Orders of the history have the midnight of their day, and not the moment when they arrived.
    MAX(IF(timestamp = TIMESTAMP_TRUNC(timestamp, DAY, @timezone), NULL, timestamp)) AS last_webhook
  FROM pesquisa
  WHERE store = @store AND data_pedido BETWEEN @first AND @last
  GROUP BY data_pedido
),

compared AS (
  SELECT
    date AS day,
    compared_at,
    orders_in_tiny,
    ARRAY_LENGTH(unrepaired) AS still_differ
  FROM reconciliation
  WHERE
    store = @store AND date BETWEEN @first AND @last
    -- What was compared before the day was over says nothing of its evening.
    AND DATE(compared_at, @timezone) > date
  QUALIFY ROW_NUMBER() OVER (PARTITION BY date ORDER BY compared_at DESC) = 1
),

loaded AS (
  SELECT
    id AS pedido,
    fetched_at
  FROM pdv
  WHERE store = @store AND data BETWEEN @first AND @last
),

aside AS (
  SELECT
    rejeitados.id,
    rejeitados.rejected_at,
    rejeitados.kind,
    rejeitados.pedido,
    rejeitados.file,
    rejeitados.field,
    rejeitados.expected,
    rejeitados.found,
    DATE(rejeitados.rejected_at, @timezone) AS day,
    -- The order or the file, when it is still out.
    IF(
      IFNULL(rejeitados.kind, 'reject') = 'reject' AND rejeitados.produto IS NULL AND loaded.pedido IS NULL,
      IFNULL(
        CAST(rejeitados.pedido AS STRING),
        IF(DATE(rejeitados.rejected_at, @timezone) > DATE_SUB(@last, INTERVAL 7 DAY), rejeitados.file, NULL)
      ),
      NULL
    ) AS still_out
  FROM rejeitados
  LEFT JOIN loaded
    ON
      loaded.pedido = rejeitados.pedido
      AND loaded.fetched_at > rejeitados.rejected_at
  WHERE rejeitados.store = @store AND rejeitados.rejected_at >= @midnight
),

-- Of what was rejected several times on a day, the newest reason is told.
newest AS (
  SELECT
    *,
    still_out IS NOT NULL
    AND ROW_NUMBER() OVER (PARTITION BY day, still_out ORDER BY rejected_at DESC, id) = 1 AS is_newest
  FROM aside
),

reasons AS (
  SELECT
    *,
    STRUCT(pedido AS pedido, file AS file, field AS field, expected AS expected, found AS found) AS reason,
    is_newest
    AND ROW_NUMBER() OVER (PARTITION BY day, is_newest, pedido IS NULL ORDER BY rejected_at DESC, id) <= 20 AS is_shown
  FROM newest
),

set_aside AS (
  SELECT
    day,
    COUNT(DISTINCT still_out) AS rejects,
    COUNT(DISTINCT IF(pedido IS NULL, still_out, NULL)) AS files,
    COUNT(DISTINCT IF(kind = 'note', id, NULL)) AS notes,
    ARRAY_AGG(
      IF(is_shown AND pedido IS NOT NULL, reason, NULL)
      IGNORE NULLS ORDER BY rejected_at DESC, id
    ) AS orders_out,
    ARRAY_AGG(
      IF(is_shown AND pedido IS NULL, reason, NULL)
      IGNORE NULLS ORDER BY rejected_at DESC, id
    ) AS files_out
  FROM reasons
  GROUP BY day
)

SELECT
  days.day,
  listed.last_load,
  listed.last_webhook,
  compared.compared_at,
  compared.orders_in_tiny,
  compared.still_differ,
  set_aside.orders_out,
  set_aside.files_out,
  IFNULL(listed.orders, 0) AS orders,
  IFNULL(set_aside.rejects, 0) AS rejects,
  IFNULL(set_aside.files, 0) AS files,
  IFNULL(set_aside.notes, 0) AS notes
FROM days
LEFT JOIN listed ON listed.day = days.day
LEFT JOIN compared ON compared.day = days.day
LEFT JOIN set_aside ON set_aside.day = days.day
ORDER BY days.day
