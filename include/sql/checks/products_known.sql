-- Every item's product has its row of the day of the sale, or a reason why it has none.
SELECT
  batch_pdv.pedido,
  CONCAT('product ', CAST(item.idProduto AS STRING)) AS what
FROM batch_pdv
CROSS JOIN UNNEST(batch_pdv.itens) AS item
LEFT JOIN produto ON produto.pedido = batch_pdv.pedido AND produto.id = item.idProduto
LEFT JOIN batch_rejeitados
  ON
    batch_rejeitados.pedido = batch_pdv.pedido
    AND batch_rejeitados.produto = item.idProduto
    AND IFNULL(batch_rejeitados.kind, 'reject') = 'reject'
WHERE item.idProduto > 0 AND produto.id IS NULL AND batch_rejeitados.id IS NULL
