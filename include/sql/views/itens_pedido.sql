{%- from 'views/macros.sql' import linhas, order_discount with context -%}
WITH {{ linhas() }},

-- O desconto do pedido é repartido pelos itens em proporção ao total de cada um: primeiro os centavos inteiros de cada
-- parte, depois um centavo a mais para as partes com os maiores restos, até que a soma das partes seja o desconto.
itens AS (
  SELECT
    *,
    SUM(total) OVER pedido AS soma_dos_itens,
    COUNT(*) OVER pedido AS itens_do_pedido
  FROM linhas
  WHERE posicao IS NOT NULL
  WINDOW pedido AS (PARTITION BY pedido_dia, pedido_id)
),

itens_com_desconto AS (
  SELECT
    *,
    {{ order_discount('soma_dos_itens') }} AS desconto_do_pedido
  FROM itens
),

-- Em centavos.
quotas AS (
  SELECT
    *,
    COALESCE(
      CAST(SAFE_MULTIPLY(desconto_do_pedido, total) / NULLIF(soma_dos_itens, 0) AS NUMERIC) * 100, 0
    ) AS quota
  FROM itens_com_desconto
),

restos AS (
  SELECT
    *,
    desconto_do_pedido * 100 - SUM(FLOOR(quota)) OVER pedido AS sobra,
    ROW_NUMBER() OVER (
      PARTITION BY pedido_dia, pedido_id ORDER BY quota - FLOOR(quota) DESC, total DESC, posicao ASC
    ) AS ordem
  FROM quotas
  WINDOW pedido AS (PARTITION BY pedido_dia, pedido_id)
),

-- A sobra é menor que o número de itens, e a parte igual é zero, exceto quando não há a que ser proporcional (itens de
-- valor zero): então a sobra é o desconto todo.
iguais AS (
  SELECT
    *,
    FLOOR(CAST(sobra / itens_do_pedido AS NUMERIC)) AS parte_igual
  FROM restos
),

partes AS (
  SELECT
    *,
    ROUND(
      CAST(
        (
          FLOOR(quota)
          + parte_igual
          + IF(ordem <= sobra - parte_igual * itens_do_pedido, 1, 0)
        ) / 100 AS NUMERIC
      ), 2
    ) AS desconto_pedido
  FROM iguais
),

valores AS (
  SELECT
    *,
    preco_sem_desconto - preco AS desconto_produto_und,
    CAST(desconto_pedido / NULLIF(quantidade, 0) AS NUMERIC) AS desconto_pedido_und,
    total_sem_desconto - total AS desconto_produto,
    total - desconto_pedido AS total_faturado
  FROM partes
)

SELECT
  uuid,
  timestamp,
  pedido_dia,
  pedido_hora,
  pedido_id,
  pedido_numero,
  {%- if personal %}
  cliente_nome,
  cliente_cpf,
  cliente_email,
  cliente_celular,
  {%- endif %}
  cliente_chave,
  vendedor_nome,
  vendedor_id,
  venda_efetiva,
  cancelado,
  excluido,
  posicao + 1 AS item_posicao,
  produto_id,
  produto_nome,
  NULLIF(TRIM(categorias[SAFE_OFFSET(0)]), '') AS produto_categoria_principal,
  NULLIF(TRIM(categorias[SAFE_OFFSET(1)]), '') AS produto_categoria_secundaria,
  custo_und AS produto_valor_custo_und,
  preco_sem_desconto AS produto_valor_sem_desconto_und,
  preco - desconto_pedido_und AS produto_valor_com_desconto_und,
  preco - desconto_pedido_und - custo_und AS produto_valor_lucro_und,
  desconto_produto_und,
  desconto_pedido_und,
  COALESCE(desconto_produto_und, 0) + desconto_pedido_und AS desconto_total_und,
  quantidade AS produto_quantidade,
  desconto_produto,
  desconto_pedido,
  COALESCE(desconto_produto, 0) + desconto_pedido AS desconto_total,
  custo AS total_produto_valor_custo,
  total_sem_desconto AS total_produto_valor_sem_desconto,
  total_faturado AS total_produto_valor_faturado,
  total_faturado - custo AS total_produto_valor_lucro,
  forma_pagamento,
  source_id,
  processed_timestamp
FROM valores
