-- What the tables know of the orders of one date: their search lines, whether they stand in pdv, and when they arrived.
SELECT
  CAST(pesquisa.id AS INT64) AS pedido,
  pesquisa.* EXCEPT (id, payload),
  pdv.timestamp AS arrived_at
FROM pesquisa
LEFT JOIN pdv ON pdv.store = pesquisa.store AND pdv.id = CAST(pesquisa.id AS INT64) AND pdv.data = @date
WHERE pesquisa.store = @store AND pesquisa.data_pedido = @date
