{#- What a run set aside stands once, as it was first told: a later try of the run says the same under the same id. -#}
{%- from 'batch.sql' import day, declare_days -%}
{%- from 'merge/macros.sql' import insert_row -%}
{%- macro merge_rejeitados(target, staging, columns) -%}
{%- set of_batch = 'id IN (SELECT batch.id FROM `' ~ staging ~ '` AS batch)' -%}
BEGIN
  {{ declare_days('touched', target, of_batch, 'rejected_at', moment=True) | indent(2) }}
  MERGE `{{ target }}` AS target
  USING (
    SELECT *
    FROM `{{ staging }}`
    QUALIFY ROW_NUMBER() OVER (PARTITION BY store, id ORDER BY rejected_at) = 1
  ) AS source
  ON
    target.store = source.store
    AND target.id = source.id
    AND {{ day('target.rejected_at', moment=True) }} IN UNNEST(touched)
  WHEN NOT MATCHED THEN
    {{ insert_row(columns) }};
END;
{%- endmacro -%}
