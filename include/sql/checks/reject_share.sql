-- Of the orders of the batch no more than a set part was rejected; fewer than five are never too many.
SELECT
  batch_rejeitados.pedido,
  CONCAT(batch_rejeitados.step, ' ', batch_rejeitados.field) AS what
FROM batch_rejeitados
CROSS JOIN counted
LEFT JOIN batch_pdv ON batch_pdv.pedido = batch_rejeitados.pedido
WHERE
  counted.rejected >= 5
  AND counted.rejected > counted.reject_share * counted.orders
  AND batch_rejeitados.produto IS NULL
  AND IFNULL(batch_rejeitados.kind, 'reject') = 'reject'
  AND batch_pdv.pedido IS NULL
