-- The staging tables of one run into the tables. An order stands in pdv only when its other rows stand already, and a
-- reason why something is missing stands before all of them. A table of which the run made no row has no staging table.
--
-- Where the batch's rows are is looked up before the first merge, and its own days are added: there the merge of a
-- killed run, whose job goes on in BigQuery, may put the same new orders after the lookup.
{% from 'batch.sql' import find_days, is_of_batch -%}
{% from 'merge/macros.sql' import newest_reading_wins -%}
{% from 'merge/produto.sql' import merge_produto -%}
{% from 'merge/rejeitados.sql' import merge_rejeitados -%}
{% set made = ti.xcom_pull(task_ids='rows') -%}
{% set orders = ti.xcom_pull(task_ids='rows', key='orders') or {} -%}
{% set days = orders.get('days') or [] -%}
{% set merges = {
  'rejeitados': merge_rejeitados,
  'produto': merge_produto,
  'pesquisa': newest_reading_wins,
  'pdv': newest_reading_wins
} -%}
{% set lookups = {} -%}
{% for table in merges if made[table] -%}
{% set id = 'pedido_id' if table == 'produto' else 'id' -%}
{% set ids = 'SELECT batch.' ~ id ~ ' FROM `' ~ staging(table, dag, run_id) ~ '` AS batch' -%}
{% set told = {} if table == 'rejeitados' else orders -%}
{% set _ = lookups.update({table: {
  'table': target(table),
  'is_of_batch': is_of_batch(id, told, ids, text=table == 'pesquisa'),
  'partition': partition(table),
  'staging': staging(table, dag, run_id) if not days and table != 'rejeitados'
}}) -%}
{% endfor -%}
{% if lookups -%}
{{ find_days(lookups, days) }}
{% for table in lookups -%}
{{ merges[table](
  target(table), staging(table, dag, run_id), column_names(table), table ~ '_days', partition(table)
) }}
{% endfor -%}
{% else -%}
SELECT 'nothing was made' AS result;
{% endif -%}
