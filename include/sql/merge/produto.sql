{#- The earliest reading of a product for an order stays, in whatever order the readings come: it holds the cost of the
    day of the sale. Its timestamp is that of the order's first arrival, as in the other tables. -#}
{%- from 'merge/macros.sql' import insert_row, touched_partitions -%}
{%- macro merge_produto(target, staging, columns) -%}
BEGIN
  {{ touched_partitions(target, staging, 'pedido_id', 'INT64', 'timestamp', 'TIMESTAMP') }}
  MERGE `{{ target }}` AS target
  USING (
    SELECT * REPLACE (MIN(timestamp) OVER (PARTITION BY store, pedido_id, id) AS timestamp)
    FROM `{{ staging }}`
    QUALIFY ROW_NUMBER() OVER (PARTITION BY store, pedido_id, id ORDER BY fetched_at, timestamp) = 1
  ) AS source
  ON
    target.store = source.store
    AND target.pedido_id = source.pedido_id
    AND target.id = source.id
    AND (target.timestamp IN UNNEST(touched) OR target.timestamp IS NULL)
  WHEN MATCHED AND source.fetched_at < target.fetched_at THEN
    UPDATE SET
      {%- for column in columns if column not in ('store', 'pedido_id', 'id', 'uuid', 'timestamp', 'update_timestamp') %}
      {{ column }} = source.{{ column }},
      {%- endfor %}
      timestamp = LEAST(target.timestamp, source.timestamp),
      update_timestamp = CURRENT_TIMESTAMP()
  WHEN MATCHED AND source.timestamp < target.timestamp THEN
    UPDATE SET timestamp = source.timestamp, update_timestamp = CURRENT_TIMESTAMP()
  WHEN NOT MATCHED THEN
    {{ insert_row(columns) }};
END;
{%- endmacro -%}
