SELECT
  uuid,
  timestamp,
  pedido_dia,
  pedido_hora,
  pedido_id,
  pedido_numero,
  cliente_chave,
  vendedor_nome,
  vendedor_id,
  valor_produtos_custo,
  valor_produtos_sem_desconto,
  desconto_produtos,
  desconto_pedido,
  desconto_total,
  valor_frete,
  valor_faturado,
  valor_lucro,
  custo_completo,
  forma_pagamento,
  situacao,
  venda_efetiva,
  cancelado,
  excluido,
  source_id,
  processed_timestamp,
  valor_ipi,
  valor_icms_st,
  diferenca,
  itens,
  unidades,
  CASE
    WHEN excluido THEN 'excluído'
    WHEN cancelado THEN 'cancelado'
    ELSE 'outra situação'
  END AS motivo
FROM `{{ report('pedidos') }}`
WHERE NOT venda_efetiva
