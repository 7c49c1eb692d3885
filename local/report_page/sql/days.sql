SELECT
  dia,
  pedidos,
  faturamento,
  margem,
  clientes_novos,
  pedidos_sem_custo
FROM `{{ report('vendas_por_dia') }}`
WHERE dia BETWEEN @first AND @last
ORDER BY dia
