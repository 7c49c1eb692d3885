{%- from 'views/macros.sql' import pedidos_da_loja with context -%}
-- De pedidos_da_loja e não de pedidos: não se leem itens, produtos e vendedores, de que nada é preciso.
WITH {{ pedidos_da_loja() }}

SELECT
  pedido_dia AS dia,
  -- DAYOFWEEK conta de domingo (1) a sábado (7).
  MOD(EXTRACT(DAYOFWEEK FROM pedido_dia) + 5, 7) + 1 AS dia_semana,
  pedido_hora AS hora,
  COUNT(*) AS pedidos,
  SUM(valor_faturado) AS faturamento
FROM pedidos_da_loja
WHERE venda_efetiva AND pedido_hora IS NOT NULL
GROUP BY pedido_dia, pedido_hora
