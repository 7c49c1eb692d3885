{%- from 'views/macros.sql' import pedidos_da_loja with context -%}
WITH {{ pedidos_da_loja() }},

compras AS (
  SELECT
    cliente_chave,
    MIN(pedido_dia) AS primeira_compra,
    MAX(pedido_dia) AS ultima_compra,
    COUNT(*) AS pedidos,
    SUM(valor_faturado) AS faturamento
  FROM pedidos_da_loja
  WHERE venda_efetiva AND cliente_chave IS NOT NULL
  GROUP BY cliente_chave
)

SELECT
  cliente_chave,
  primeira_compra,
  ultima_compra,
  pedidos,
  faturamento,
  ROUND(CAST(faturamento / pedidos AS NUMERIC), 2) AS ticket_medio,
  ROUND(
    CAST(DATE_DIFF(ultima_compra, primeira_compra, DAY) / NULLIF(pedidos - 1, 0) AS NUMERIC), 1
  ) AS dias_entre_compras
FROM compras
