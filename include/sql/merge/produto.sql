{#- The first snapshot of a product for an order stays: it holds the cost of the day of the sale. -#}
{%- set run = run_key(dag.dag_id, run_id) -%}
{%- from 'merge/macros.sql' import insert_row, touched_partitions with context -%}
BEGIN
  {{ touched_partitions('produto', 'pedido_id', 'timestamp', 'TIMESTAMP') }}
  MERGE `{{ store.dataset }}.produto` AS target
  USING (
    SELECT *
    FROM `{{ staging_table(store.staging_dataset, 'produto', run) }}`
    QUALIFY ROW_NUMBER() OVER (PARTITION BY store, pedido_id, id ORDER BY fetched_at) = 1
  ) AS source
  ON
    target.store = source.store
    AND target.pedido_id = source.pedido_id
    AND target.id = source.id
    AND target.timestamp IN UNNEST(touched)
  WHEN NOT MATCHED THEN
    {{ insert_row('produto') }};
END;
