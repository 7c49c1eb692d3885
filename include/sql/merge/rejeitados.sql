{#- What a run set aside stands once, as it was first told: a later try of the run says the same under the same id. -#}
{%- from 'batch.sql' import day -%}
{%- from 'merge/macros.sql' import insert_row -%}
{%- macro merge_rejeitados(target, staging, columns, days, partition) -%}
MERGE `{{ target }}` AS target
USING (
  SELECT *
  FROM `{{ staging }}`
  QUALIFY ROW_NUMBER() OVER (PARTITION BY store, id ORDER BY rejected_at) = 1
) AS source
ON
  target.store = source.store
  AND target.id = source.id
  AND {{ day('target.' ~ partition.column, partition.moment) }} IN UNNEST({{ days }})
WHEN NOT MATCHED THEN
  {{ insert_row(columns) }};
{%- endmacro -%}
