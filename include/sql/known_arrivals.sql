-- When orders arrived that may stand under another date than the one that is read: an order's date can be edited.
SELECT
  id AS pedido,
  timestamp AS arrived_at
FROM pdv
WHERE store = @store AND id IN UNNEST(@pedidos)
