SELECT
  MAX(produto_nome) AS nome,
  SUM(unidades) AS unidades,
  SUM(faturamento) AS faturamento,
  SUM(margem) AS margem
FROM `{{ report('vendas_por_produto_dia') }}`
WHERE dia BETWEEN @first AND @last
-- Itens de texto livre não têm produto: distinguem-se pelo texto.
GROUP BY produto_id, IF(produto_id IS NULL, produto_nome, NULL)
ORDER BY faturamento DESC, nome
LIMIT 10
