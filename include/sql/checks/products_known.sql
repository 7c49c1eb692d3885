-- Every item's product has its row of the day of the sale, or a reason why it has none.
SELECT
  made_pdv.pedido,
  CONCAT('product ', CAST(item.idProduto AS STRING)) AS what
FROM made_pdv
CROSS JOIN UNNEST(made_pdv.itens) AS item
LEFT JOIN produto ON produto.pedido = made_pdv.pedido AND produto.id = item.idProduto
LEFT JOIN made_rejeitados
  ON
    made_rejeitados.pedido = made_pdv.pedido
    AND made_rejeitados.produto = item.idProduto
    AND IFNULL(made_rejeitados.kind, 'reject') = 'reject'
WHERE item.idProduto > 0 AND produto.id IS NULL AND made_rejeitados.id IS NULL
