{%- from 'merge/macros.sql' import newest_reading_wins, touched_partitions -%}
{%- macro merge_pdv(target, staging, columns) -%}
BEGIN
  {{ touched_partitions(target, staging, 'id', 'INT64', 'data', 'DATE') }}
  {{ newest_reading_wins(target, staging, columns, 'data') }}
END;
{%- endmacro -%}
