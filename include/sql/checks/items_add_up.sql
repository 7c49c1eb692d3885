-- Quantity times price of the items, each rounded to cents, is the total of products that Tiny tells: no item was lost
-- or doubled on the way. Tiny rounds some items otherwise: a cent an item is allowed. From there to what was charged
-- the view itens_pedido adds up by itself, to the cent.
SELECT
  pedido,
  'totalProdutos' AS what
FROM (
  SELECT
    pedido,
    ANY_VALUE(totalProdutos) AS total,
    COUNT(*) AS items,
    SUM(IFNULL(ROUND(SAFE_MULTIPLY(item.valor, item.quantidade), 2), 0)) AS items_total
  FROM pdv
  -- Also of an order that has lost all of them.
  LEFT JOIN UNNEST(itens) AS item
  GROUP BY pedido
)
WHERE ABS(items_total - total) > items * 0.01
