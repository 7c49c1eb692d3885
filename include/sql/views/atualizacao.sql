{%- from 'views/macros.sql' import pedidos_da_loja with context -%}
WITH {{ pedidos_da_loja() }},

chegadas AS (
  SELECT
    MAX(IF(pedido_hora IS NOT NULL, timestamp, NULL)) AS ultima_venda_recebida,
    MAX(processed_timestamp) AS ultima_carga
  FROM pedidos_da_loja
  WHERE pedido_dia > DATE_SUB(CURRENT_DATE({{ timezone }}), INTERVAL 365 DAY)
),

recentes AS (
  SELECT
    COUNTIF(pedido_dia = CURRENT_DATE({{ timezone }})) AS pedidos_hoje,
    COUNTIF(pedido_dia = DATE_SUB(CURRENT_DATE({{ timezone }}), INTERVAL 1 DAY)) AS pedidos_ontem,
    COUNTIF(NOT custo_completo) AS pedidos_sem_custo_30_dias
  FROM `{{ report('pedidos') }}`
  WHERE
    venda_efetiva
    AND pedido_dia > DATE_SUB(CURRENT_DATE({{ timezone }}), INTERVAL 30 DAY)
    AND pedido_dia <= CURRENT_DATE({{ timezone }})
)

SELECT
  chegadas.ultima_venda_recebida,
  chegadas.ultima_carga,
  recentes.pedidos_hoje,
  recentes.pedidos_ontem,
  recentes.pedidos_sem_custo_30_dias,
  -- A reconciliação ainda não existe.
  CAST(NULL AS TIMESTAMP) AS ultima_reconciliacao,
  CAST(NULL AS INT64) AS diferencas
FROM chegadas
CROSS JOIN recentes
