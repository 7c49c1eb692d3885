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
),

-- Um pedido lido de novo é anotado de novo: cada valor conta uma vez.
nao_lidos AS (
  SELECT
    COUNT(DISTINCT CONCAT(CAST(pedido AS STRING), ' ', IFNULL(CAST(produto AS STRING), ''), ' ', field))
      AS campos_nao_lidos_7_dias
  FROM `{{ target('rejeitados') }}`
  WHERE
    store = {{ store }}
    AND kind = 'note'
    AND rejected_at > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY)
),

comparacoes AS (
  SELECT
    MAX(compared_at) AS comparado_em,
    SUM(missing + changed + vanished) AS diferencas
  FROM `{{ target('reconciliation') }}`
  WHERE store = {{ store }} AND date > DATE_SUB(CURRENT_DATE({{ timezone }}), INTERVAL 365 DAY)
  GROUP BY run
),

ultima_comparacao AS (
  SELECT
    MAX(comparado_em) AS ultima_reconciliacao,
    ANY_VALUE(diferencas HAVING MAX comparado_em) AS diferencas
  FROM comparacoes
),

em_aberto AS (
  SELECT SUM(abertos) AS diferencas_abertas
  FROM `{{ report('reconciliacao') }}`
  WHERE dia > DATE_SUB(CURRENT_DATE({{ timezone }}), INTERVAL 365 DAY)
)

SELECT
  chegadas.ultima_venda_recebida,
  chegadas.ultima_carga,
  recentes.pedidos_hoje,
  recentes.pedidos_ontem,
  recentes.pedidos_sem_custo_30_dias,
  ultima_comparacao.ultima_reconciliacao,
  ultima_comparacao.diferencas,
  em_aberto.diferencas_abertas,
  nao_lidos.campos_nao_lidos_7_dias
FROM chegadas
CROSS JOIN recentes
CROSS JOIN ultima_comparacao
CROSS JOIN em_aberto
CROSS JOIN nao_lidos
