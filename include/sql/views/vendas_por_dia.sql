WITH dias AS (
  SELECT
    pedido_dia AS dia,
    COUNT(*) AS pedidos,
    SUM(unidades) AS itens,
    SUM(valor_faturado) AS faturamento,
    SUM(desconto_total) AS desconto,
    SUM(valor_produtos_custo) AS custo,
    SUM(valor_lucro) AS margem,
    ROUND(AVG(valor_faturado), 2) AS ticket_medio,
    COUNT(DISTINCT cliente_chave) AS clientes,
    COUNTIF(NOT custo_completo) AS pedidos_sem_custo
  FROM `{{ report('pedidos') }}`
  WHERE venda_efetiva
  GROUP BY pedido_dia
),

novos AS (
  SELECT
    primeira_compra AS dia,
    COUNT(*) AS clientes_novos
  FROM `{{ report('clientes') }}`
  GROUP BY primeira_compra
)

SELECT
  dias.dia,
  dias.pedidos,
  dias.itens,
  dias.faturamento,
  dias.desconto,
  dias.custo,
  dias.margem,
  dias.ticket_medio,
  dias.clientes,
  COALESCE(novos.clientes_novos, 0) AS clientes_novos,
  dias.pedidos_sem_custo
FROM dias
LEFT JOIN novos ON novos.dia = dias.dia
