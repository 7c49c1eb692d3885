-- Itens de texto livre não têm produto: distinguem-se pelo texto.
WITH itens AS (
  SELECT
    *,
    IF(produto_id IS NULL, produto_nome, NULL) AS texto_livre
  FROM `{{ report('itens_pedido') }}`
  WHERE venda_efetiva AND pedido_dia > DATE_SUB(CURRENT_DATE({{ timezone }}), INTERVAL 365 DAY)
),

vendas AS (
  SELECT
    produto_id,
    ANY_VALUE(produto_nome HAVING MAX pedido_dia) AS produto_nome,
    ANY_VALUE(produto_categoria_principal HAVING MAX pedido_dia) AS categoria_principal,
    ANY_VALUE(produto_categoria_secundaria HAVING MAX pedido_dia) AS categoria_secundaria,
    SUM(produto_quantidade) AS unidades,
    SUM(total_produto_valor_faturado) AS faturamento,
    SUM(total_produto_valor_lucro) AS margem,
    MAX(pedido_dia) AS ultima_venda
  FROM itens
  GROUP BY produto_id, texto_livre
),

acumulados AS (
  SELECT
    *,
    NULLIF(SUM(faturamento) OVER (), 0) AS total,
    SUM(faturamento) OVER (
      ORDER BY faturamento DESC, produto_id ASC, produto_nome ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - faturamento AS faturamento_dos_maiores
  FROM vendas
)

SELECT
  produto_id,
  produto_nome,
  categoria_principal,
  categoria_secundaria,
  unidades,
  faturamento,
  margem,
  CAST(faturamento / total AS NUMERIC) AS participacao,
  CASE
    WHEN faturamento_dos_maiores / total < 0.8 THEN 'A'
    WHEN faturamento_dos_maiores / total < 0.95 THEN 'B'
    ELSE 'C'
  END AS classe_abc,
  ultima_venda
FROM acumulados
