{#- The earliest reading of a product for an order stays, in whatever order the readings come: it holds the cost of the
    day of the sale. Its timestamp is that of the order's first arrival, as in the other tables.

    Only a person replaces it, by asking for newer costs: a reading with refreshed_at goes before those without, and of two
    such readings the one that was asked for later. Readings that are equal in all this, as when two readings of an order
    share a day's answer about a product, go by source_id, so that the row does not depend on which came first. -#}
{%- from 'batch.sql' import stands_in -%}
{%- from 'merge/macros.sql' import insert_row, update_row -%}
{%- macro merge_produto(target, staging, columns, days, partition) -%}
MERGE `{{ target }}` AS target
USING (
  SELECT * EXCEPT (arrived) REPLACE (arrived AS timestamp)
  FROM (
    SELECT
      *,
      MIN(timestamp) OVER readings AS arrived
    FROM `{{ staging }}`
    QUALIFY ROW_NUMBER() OVER (readings ORDER BY refreshed_at DESC, fetched_at, source_id) = 1
    WINDOW readings AS (PARTITION BY store, pedido_id, id)
  )
) AS source
ON
  target.store = source.store
  AND target.pedido_id = source.pedido_id
  AND target.id = source.id
  AND {{ stands_in(days, 'target.' ~ partition.column, partition.moment) }}
WHEN MATCHED AND {{ goes_before('source', 'target') }} THEN
  {{ update_row(columns, ['store', 'pedido_id', 'id', 'uuid']) }}
WHEN MATCHED AND source.timestamp < target.timestamp THEN
  {{ update_row([], []) }}
WHEN NOT MATCHED THEN
  {{ insert_row(columns) }};
{%- endmacro -%}

{#- Whether one reading of a product goes before another one. -#}
{%- macro goes_before(one, other) -%}
(
    {{ one }}.refreshed_at > {{ other }}.refreshed_at
    OR ({{ one }}.refreshed_at IS NOT NULL AND {{ other }}.refreshed_at IS NULL)
    OR (
      {{ one }}.refreshed_at IS NOT DISTINCT FROM {{ other }}.refreshed_at
      AND (
        {{ one }}.fetched_at < {{ other }}.fetched_at
        OR ({{ one }}.fetched_at = {{ other }}.fetched_at AND {{ one }}.source_id < {{ other }}.source_id)
      )
    )
  )
{%- endmacro -%}
