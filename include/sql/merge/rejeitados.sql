{#- What a run set aside stands once, as it was first told: a later try of the run says the same under the same id. -#}
{%- from 'merge/macros.sql' import insert_row, touched_partitions -%}
{%- macro merge_rejeitados(target, staging, columns) -%}
BEGIN
  {{ touched_partitions(target, staging, 'id', 'STRING', 'rejected_at', 'TIMESTAMP') }}
  MERGE `{{ target }}` AS target
  USING (
    SELECT *
    FROM `{{ staging }}`
    QUALIFY ROW_NUMBER() OVER (PARTITION BY store, id ORDER BY rejected_at) = 1
  ) AS source
  ON
    target.store = source.store
    AND target.id = source.id
    AND target.rejected_at IN UNNEST(touched)
  WHEN NOT MATCHED THEN
    {{ insert_row(columns) }};
END;
{%- endmacro -%}
