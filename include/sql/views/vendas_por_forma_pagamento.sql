{%- from 'views/macros.sql' import pedidos_da_loja with context -%}
WITH {{ pedidos_da_loja() }},

vendas AS (
  SELECT
    pedido_dia,
    pedido_id,
    forma_pagamento,
    parcelas,
    COALESCE(ARRAY_LENGTH(parcelas), 0) AS parcelas_do_pedido,
    COALESCE(valor_faturado, 0)
    - COALESCE((SELECT SUM(parcela.valor) FROM UNNEST(parcelas) AS parcela), 0) AS sem_parcela
  FROM pedidos_da_loja
  WHERE venda_efetiva
),

-- As parcelas contam de 1. Na linha 0 está o que elas não cobrem: tudo, quando não há parcela.
pagamentos AS (
  SELECT
    pedido_dia,
    pedido_id,
    COALESCE(
      NULLIF(TRIM(parcelas[SAFE_ORDINAL(parcela)].formaPagamento), ''), forma_pagamento, 'não informada'
    ) AS forma_paga,
    IF(parcela = 0, sem_parcela, parcelas[SAFE_ORDINAL(parcela)].valor) AS valor
  FROM vendas
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, parcelas_do_pedido)) AS parcela
  WHERE parcela > 0 OR parcelas_do_pedido = 0 OR sem_parcela != 0
)

SELECT
  pedido_dia AS dia,
  forma_paga AS forma_pagamento,
  COUNT(DISTINCT pedido_id) AS pedidos,
  SUM(valor) AS valor
FROM pagamentos
GROUP BY pedido_dia, forma_paga
