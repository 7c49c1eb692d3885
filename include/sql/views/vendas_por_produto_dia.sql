-- Itens de texto livre não têm produto: distinguem-se pelo texto.
WITH itens AS (
  SELECT
    *,
    IF(produto_id IS NULL, produto_nome, NULL) AS texto_livre
  FROM `{{ report('itens_pedido') }}`
  WHERE venda_efetiva
)

SELECT
  pedido_dia AS dia,
  produto_id,
  MAX(produto_nome) AS produto_nome,
  MAX(produto_categoria_principal) AS categoria_principal,
  MAX(produto_categoria_secundaria) AS categoria_secundaria,
  SUM(produto_quantidade) AS unidades,
  SUM(total_produto_valor_faturado) AS faturamento,
  SUM(total_produto_valor_custo) AS custo,
  SUM(total_produto_valor_lucro) AS margem
FROM itens
GROUP BY pedido_dia, produto_id, texto_livre
