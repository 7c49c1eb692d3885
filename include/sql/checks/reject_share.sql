-- Of the orders of the batch no more than a set part was rejected; fewer than five are never too many.
SELECT
  made_rejeitados.pedido,
  CONCAT(made_rejeitados.step, ' ', made_rejeitados.field) AS what
FROM made_rejeitados
CROSS JOIN counted
LEFT JOIN made_pdv ON made_pdv.pedido = made_rejeitados.pedido
WHERE
  counted.rejected >= 5
  AND counted.rejected > counted.reject_share * counted.orders
  AND made_rejeitados.produto IS NULL
  AND IFNULL(made_rejeitados.kind, 'reject') = 'reject'
  AND made_pdv.pedido IS NULL
