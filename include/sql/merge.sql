-- The staging tables of one run into the tables. An order stands in pdv only when its other rows stand already, and a
-- reason why something is missing stands before all of them. A table of which the run made no row has no staging table.
{% from 'merge/rejeitados.sql' import merge_rejeitados -%}
{% from 'merge/produto.sql' import merge_produto -%}
{% from 'merge/pesquisa.sql' import merge_pesquisa -%}
{% from 'merge/pdv.sql' import merge_pdv -%}
{% set made = ti.xcom_pull(task_ids='rows') -%}
{% set orders = ti.xcom_pull(task_ids='rows', key='orders') or {} -%}
{% if made.rejeitados -%}
{{ merge_rejeitados(target('rejeitados'), staging('rejeitados', dag, run_id), column_names('rejeitados')) }}
{% endif %}
{%- if made.produto %}
{{ merge_produto(target('produto'), staging('produto', dag, run_id), column_names('produto'), orders) }}
{% endif %}
{%- if made.pesquisa %}
{{ merge_pesquisa(target('pesquisa'), staging('pesquisa', dag, run_id), column_names('pesquisa'), orders) }}
{% endif %}
{%- if made.pdv %}
{{ merge_pdv(target('pdv'), staging('pdv', dag, run_id), column_names('pdv'), orders) }}
{% endif %}
{%- if not (made.rejeitados or made.produto or made.pesquisa or made.pdv) %}
SELECT 'nothing was made' AS result;
{% endif -%}
