SELECT
  date AS dia,
  compared_at AS comparado_em,
  orders_in_tiny AS pedidos_na_tiny,
  orders_in_bigquery AS pedidos_no_bigquery,
  missing AS faltavam,
  changed AS mudaram,
  vanished AS sumiram,
  value_difference AS diferenca_valor,
  repaired AS consertados,
  ARRAY_LENGTH(unrepaired) AS abertos
FROM `{{ target('reconciliation') }}`
WHERE store = {{ store }}
QUALIFY ROW_NUMBER() OVER (PARTITION BY date ORDER BY compared_at DESC) = 1
