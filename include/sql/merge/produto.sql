{#- The first snapshot of a product for an order stays: it holds the cost of the day of the sale. -#}
{%- from 'merge/macros.sql' import insert_row, touched_partitions -%}
{%- macro merge_produto(target, staging, columns) -%}
BEGIN
  {{ touched_partitions(target, staging, 'pedido_id', 'INT64', 'timestamp', 'TIMESTAMP') }}
  MERGE `{{ target }}` AS target
  USING (
    SELECT *
    FROM `{{ staging }}`
    QUALIFY ROW_NUMBER() OVER (PARTITION BY store, pedido_id, id ORDER BY fetched_at) = 1
  ) AS source
  ON
    target.store = source.store
    AND target.pedido_id = source.pedido_id
    AND target.id = source.id
    AND target.timestamp IN UNNEST(touched)
  WHEN NOT MATCHED THEN
    {{ insert_row(columns) }};
END;
{%- endmacro -%}
