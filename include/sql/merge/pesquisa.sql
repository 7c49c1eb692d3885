{%- set run = run_key(dag.dag_id, run_id) -%}
{%- from 'merge/macros.sql' import newest_reading_wins, touched_partitions with context -%}
BEGIN
  {{ touched_partitions('pesquisa', 'id', 'data_pedido', 'DATE') }}
  {{ newest_reading_wins('pesquisa', 'data_pedido') }}
END;
