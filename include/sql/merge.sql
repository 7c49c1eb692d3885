-- Merges the staging tables of one run into the tables, pdv last: an order is in pdv only when its other rows are
-- there. A table of which the run built no row has no staging table. The MERGE statements are in merge/.
--
-- Before the first MERGE it finds the partitions that have rows of this batch, and adds the days of the batch's own
-- rows: the job of a killed run may still insert the same orders or rejects after that.
{% from 'batch.sql' import find_days, is_of_batch -%}
{% from 'merge/pdv_and_pesquisa.sql' import newest_reading_wins -%}
{% from 'merge/produto.sql' import merge_produto -%}
{% from 'merge/rejeitados.sql' import merge_rejeitados -%}
{% set row_counts = ti.xcom_pull(task_ids='rows') -%}
{% set bounds = ti.xcom_pull(task_ids='rows', key='batch_bounds') or {} -%}
{% set merges = {
  'rejeitados': merge_rejeitados,
  'produto': merge_produto,
  'pesquisa': newest_reading_wins,
  'pdv': newest_reading_wins
} -%}
{% set lookups = {} -%}
{% for table in merges if row_counts[table] -%}
{% set id = 'pedido_id' if table == 'produto' else 'id' -%}
{% set ids = 'SELECT batch.' ~ id ~ ' FROM `' ~ staging(table, dag, run_id) ~ '` AS batch' -%}
{% set known = {} if table == 'rejeitados' else bounds -%}
{% set _ = lookups.update({table: {
  'table': target(table),
  'condition': is_of_batch(id, known, ids, text=table == 'pesquisa'),
  'partition': partition(table),
  'days': known.get('days'),
  'staging': staging(table, dag, run_id) if not known.get('days')
}}) -%}
{% endfor -%}
{% if lookups -%}
{{ find_days(lookups) }}
{% for table in lookups -%}
{{ merges[table](
  target(table), staging(table, dag, run_id), column_names(table), table ~ '_days', partition(table)
) }}
{% endfor -%}
{% else -%}
SELECT 'there are no rows' AS result;
{% endif -%}
