-- After a load: of the dates that it touched, every order's items, with freight and taxes, add up to what was charged.
-- The job fails otherwise, and its message says which orders to look at. An order without items has nothing to add up.
DECLARE dates ARRAY<DATE> DEFAULT IFNULL(
  (SELECT ARRAY_AGG(DISTINCT data IGNORE NULLS) FROM `{{ staging('pdv', dag, run_id) }}`), []
);

WITH sums AS (
  SELECT
    pedido_id,
    SUM(total_produto_valor_faturado) AS items
  FROM `{{ report('itens_pedido') }}`
  WHERE pedido_dia IN UNNEST(dates)
  GROUP BY pedido_id
),

wrong AS (
  SELECT pdv.id
  FROM `{{ target('pdv') }}` AS pdv
  LEFT JOIN sums ON sums.pedido_id = pdv.id
  WHERE
    pdv.data IN UNNEST(dates)
    AND pdv.store = {{ store }}
    AND ARRAY_LENGTH(pdv.itens) > 0
    AND ROUND(pdv.totalVenda, 2)
    != ROUND(
      COALESCE(sums.items, 0)
      + COALESCE(pdv.frete, 0)
      + COALESCE(pdv.valorIPI, 0)
      + COALESCE(pdv.valorICMSSubst, 0), 2
    )
)

SELECT
  IF(
    COUNT(*) = 0,
    'ok',
    ERROR(
      CONCAT(
        'the items of ', CAST(COUNT(*) AS STRING), ' orders do not add up to totalVenda: ',
        STRING_AGG(CAST(id AS STRING), ', ' ORDER BY id LIMIT 10)
      )
    )
  ) AS result
FROM wrong
