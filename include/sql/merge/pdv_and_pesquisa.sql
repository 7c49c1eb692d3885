{%- from 'batch.sql' import stands_in -%}
{%- from 'merge/macros.sql' import insert_row, update_row -%}
{#- One row per order, the newest reading: an older reading never replaces a newer one. The uuid never changes, the
    timestamp is that of the first arrival, in whatever order the readings come.

    A reading that found the order gone (deleted_at = fetched_at) only marks the row that is there, which keeps what was
    last known of the order; a newer reading that finds it again takes the mark away. Of one batch's readings of an order
    the source has the newest that found it (read_at is its fetched_at), marked when a newer one found it gone. -#}
{%- macro newest_reading_wins(target, staging, columns, days, partition) -%}
MERGE `{{ target }}` AS target
USING (
  SELECT * EXCEPT (arrived, gone) REPLACE (
    arrived AS timestamp,
    IF(gone < read_at, NULL, gone) AS deleted_at
  )
  FROM (
    SELECT
      *,
      MIN(timestamp) OVER readings AS arrived,
      MAX(deleted_at) OVER readings AS gone
    FROM (
      SELECT
        *,
        IF(deleted_at IS NULL, fetched_at, NULL) AS read_at
      FROM `{{ staging }}`
    )
    QUALIFY ROW_NUMBER() OVER (readings ORDER BY read_at DESC) = 1
    WINDOW readings AS (PARTITION BY store, id)
  )
) AS source
ON
  target.store = source.store
  AND target.id = source.id
  AND {{ stands_in(days, 'target.' ~ partition.column) }}
WHEN MATCHED AND source.read_at > target.fetched_at THEN
  {{ update_row(columns, ['store', 'id', 'uuid', 'deleted_at']) }},
    deleted_at = IF(
      target.deleted_at > IFNULL(source.deleted_at, source.read_at), target.deleted_at, source.deleted_at
    )
WHEN MATCHED AND source.deleted_at > IFNULL(target.deleted_at, target.fetched_at) THEN
  {{ update_row(['deleted_at'], []) }}
WHEN MATCHED AND source.timestamp < target.timestamp THEN
  {{ update_row([], []) }}
WHEN NOT MATCHED AND source.read_at IS NOT NULL THEN
  {{ insert_row(columns) }};
{%- endmacro -%}
