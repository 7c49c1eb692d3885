SELECT
  pedido_dia AS dia,
  vendedor_id,
  COALESCE(MAX(vendedor_nome), 'Sem vendedor') AS vendedor_nome,
  COUNT(*) AS pedidos,
  SUM(valor_faturado) AS faturamento,
  SUM(desconto_total) AS desconto,
  SUM(valor_lucro) AS margem,
  ROUND(AVG(valor_faturado), 2) AS ticket_medio
FROM `{{ report('pedidos') }}`
WHERE venda_efetiva
GROUP BY pedido_dia, vendedor_id
