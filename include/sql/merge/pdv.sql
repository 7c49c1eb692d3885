{%- set run = run_key(dag.dag_id, run_id) -%}
{%- from 'merge/macros.sql' import newest_reading_wins, touched_partitions with context -%}
BEGIN
  {{ touched_partitions('pdv', 'id', 'data', 'DATE') }}
  {{ newest_reading_wins('pdv', 'data') }}
END;
