{%- from 'merge/macros.sql' import newest_reading_wins, touched_partitions -%}
{%- macro merge_pesquisa(target, staging, columns) -%}
BEGIN
  {{ touched_partitions(target, staging, 'id', 'STRING', 'data_pedido', 'DATE') }}
  {{ newest_reading_wins(target, staging, columns, 'data_pedido') }}
END;
{%- endmacro -%}
