-- How many products the tables know: each costs one call on a day on which an order with it is read.
SELECT COUNT(DISTINCT id) AS products
FROM produto
WHERE store = @store
