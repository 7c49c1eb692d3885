-- The staging tables of one run into the tables. An order stands in pdv only when its other rows stand already, and a
-- reason why something is missing stands before all of them.
{% from 'merge/rejeitados.sql' import merge_rejeitados -%}
{% from 'merge/produto.sql' import merge_produto -%}
{% from 'merge/pesquisa.sql' import merge_pesquisa -%}
{% from 'merge/pdv.sql' import merge_pdv -%}
{{ merge_rejeitados(target('rejeitados'), staging('rejeitados', dag, run_id), column_names('rejeitados')) }}

{{ merge_produto(target('produto'), staging('produto', dag, run_id), column_names('produto')) }}

{{ merge_pesquisa(target('pesquisa'), staging('pesquisa', dag, run_id), column_names('pesquisa')) }}

{{ merge_pdv(target('pdv'), staging('pdv', dag, run_id), column_names('pdv')) }}
