-- Every order of pdv stands in pesquisa, and the reverse.
SELECT
  IFNULL(pdv.pedido, pesquisa.pedido) AS pedido,
  IF(pdv.pedido IS NULL, 'not in pdv', 'not in pesquisa') AS what
FROM pdv
FULL OUTER JOIN pesquisa ON pesquisa.pedido = pdv.pedido
WHERE pdv.pedido IS NULL OR pesquisa.pedido IS NULL
