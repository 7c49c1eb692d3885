SELECT
  ultima_venda_recebida,
  ultima_carga,
  pedidos_hoje,
  pedidos_ontem,
  pedidos_sem_custo_30_dias,
  ultima_reconciliacao,
  diferencas,
  diferencas_abertas
FROM `{{ report('atualizacao') }}`
