SELECT
  MAX(vendedor_nome) AS nome,
  SUM(pedidos) AS pedidos,
  SUM(faturamento) AS faturamento,
  SUM(margem) AS margem
FROM `{{ report('vendas_por_vendedor') }}`
WHERE dia BETWEEN @first AND @last
GROUP BY vendedor_id
ORDER BY faturamento DESC, nome
