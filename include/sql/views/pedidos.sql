{%- from 'views/macros.sql' import linhas, number, order_columns, order_discount with context -%}
WITH {{ linhas() }},

somas AS (
  SELECT
    pedido_dia,
    pedido_id,
    {%- for column in order_columns %}
    ANY_VALUE({{ column }}) AS {{ column }},
    {%- endfor %}
    -- Um pedido sem itens na resposta da Tiny vale o total de produtos que ela informa.
    COALESCE(IF(COUNT(posicao) > 0, SUM(total), NULL), ANY_VALUE(total_produtos), 0) AS soma_dos_itens,
    SUM(total_sem_desconto - total) AS desconto_dos_itens,
    IF(LOGICAL_AND(custo IS NOT NULL), SUM(custo), NULL) AS valor_produtos_custo,
    COUNT(posicao) AS itens,
    COALESCE(SUM(quantidade), 0) AS unidades
  FROM linhas
  GROUP BY pedido_dia, pedido_id
),

descontos AS (
  SELECT
    *,
    COALESCE(desconto_dos_itens, 0) AS desconto_produtos,
    {{ order_discount('soma_dos_itens') }} AS desconto_pedido,
    ROUND(
      CAST(
        COALESCE({{ number('desconto_digitado') }}, 0)
        * IF(ENDS_WITH(TRIM(desconto_digitado), '%'), COALESCE(total_produtos, soma_dos_itens), 100)
        / 100 AS NUMERIC
      ), 2
    ) AS desconto_informado
  FROM somas
)

SELECT
  uuid,
  timestamp,
  pedido_dia,
  pedido_hora,
  pedido_id,
  pedido_numero,
  {%- if personal %}
  cliente_nome,
  cliente_cpf,
  cliente_email,
  cliente_celular,
  {%- endif %}
  cliente_chave,
  vendedor_nome,
  vendedor_id,
  valor_produtos_custo,
  soma_dos_itens + desconto_produtos AS valor_produtos_sem_desconto,
  desconto_produtos,
  desconto_pedido,
  desconto_produtos + desconto_pedido AS desconto_total,
  valor_frete,
  valor_faturado,
  valor_faturado - valor_produtos_custo AS valor_lucro,
  valor_produtos_custo IS NOT NULL AS custo_completo,
  forma_pagamento,
  situacao,
  venda_efetiva,
  cancelado,
  excluido,
  source_id,
  processed_timestamp,
  valor_ipi,
  valor_icms_st,
  desconto_pedido - desconto_informado AS diferenca,
  itens,
  unidades
FROM descontos
