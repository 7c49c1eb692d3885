-- One row an order, and one a product of an order.
SELECT
  pedido,
  'pdv' AS what
FROM pdv
GROUP BY pedido
HAVING COUNT(*) > 1
UNION ALL
SELECT
  pedido,
  'pesquisa' AS what
FROM pesquisa
GROUP BY pedido
HAVING COUNT(*) > 1
UNION ALL
SELECT
  pedido,
  CONCAT('produto ', CAST(id AS STRING)) AS what
FROM produto
GROUP BY pedido, id
HAVING COUNT(*) > 1
