{%- from 'batch.sql' import declare_days, is_of_batch -%}
{%- from 'merge/macros.sql' import newest_reading_wins -%}
{%- macro merge_pesquisa(target, staging, columns, orders) -%}
{%- set of_batch = is_of_batch('id', orders, 'SELECT batch.id FROM `' ~ staging ~ '` AS batch', text=True) -%}
BEGIN
  {{ declare_days('touched', target, of_batch, 'data_pedido') | indent(2) }}
  {{ newest_reading_wins(target, staging, columns, 'data_pedido') }}
END;
{%- endmacro -%}
