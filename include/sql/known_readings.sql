-- What the tables know of some orders, whatever their date: as known_orders.sql tells it of the orders of one date.
SELECT
  CAST(pesquisa.id AS INT64) AS pedido,
  pesquisa.* EXCEPT (id, payload),
  pdv.timestamp AS arrived_at
FROM pesquisa
LEFT JOIN pdv
  ON
    pdv.store = pesquisa.store
    AND pdv.id = CAST(pesquisa.id AS INT64)
    AND pdv.data = pesquisa.data_pedido
    AND pdv.id IN UNNEST(@pedidos)
WHERE pesquisa.store = @store AND pesquisa.id IN UNNEST(@ids)
