SELECT
  hora,
  SUM(pedidos) AS pedidos,
  SUM(faturamento) AS faturamento
FROM `{{ report('vendas_por_hora') }}`
WHERE dia BETWEEN @first AND @last
GROUP BY hora
ORDER BY hora
