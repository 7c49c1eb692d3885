-- Synthetic orders number @first to @last of @orders, over @days days from @first_day, in one script: the values of
-- an order follow from its number alone. `tables` and `scratch` stand for the datasets.
CREATE OR REPLACE TABLE `scratch.bench_items` AS
WITH orders AS (
  SELECT
    number,
    DATE_ADD(@first_day, INTERVAL DIV((number - 1) * @days, @orders) DAY) AS day
  FROM UNNEST(GENERATE_ARRAY(@first, @last)) AS number
)

SELECT
  orders.number,
  orders.day,
  position,
  -- A twentieth of the fourth items is free text, without a product.
  IF(position = 4 AND MOD(orders.number, 20) = 3, NULL, 1 + MOD(orders.number * 7 + position * 131, 500)) AS product,
  CAST(500 + MOD(orders.number * 13 + position * 29, 9000) AS NUMERIC) / 100 AS price,
  -- Every third item is weighed.
  IF(MOD(orders.number + position, 3) = 0, NUMERIC '0.350', CAST(1 + MOD(orders.number, 3) AS NUMERIC)) AS quantity
FROM orders
CROSS JOIN UNNEST(GENERATE_ARRAY(1, 4)) AS position
WHERE position <= 1 + MOD(orders.number, 4);

INSERT INTO `tables.pdv` (
  store, uuid, timestamp, id, numero, data, frete, desconto, valorICMSSubst, valorIPI, totalProdutos, totalVenda,
  formaPagamento, situacao, contato, itens, parcelas, source_id, update_timestamp, fetched_at
)
WITH summed AS (
  SELECT
    number,
    day,
    SUM(ROUND(price * quantity, 2)) AS total,
    ARRAY_AGG(
      STRUCT(
        number * 10 + position AS id,
        product AS idProduto,
        IF(product IS NULL, 'Item avulso', CONCAT('Produto ', CAST(product AS STRING))) AS descricao,
        IFNULL(CAST(product AS STRING), '') AS codigo,
        price AS valor,
        quantity AS quantidade,
        IF(MOD(number, 10) = 4, '10', '') AS desconto,
        CAST(NULL AS NUMERIC) AS pesoLiquido,
        CAST(NULL AS NUMERIC) AS pesoBruto,
        'UN' AS unidade,
        'P' AS tipo,
        '' AS ncm,
        '0' AS origem,
        '' AS cest,
        '' AS gtin,
        '' AS gtinTributavel
      )
      ORDER BY position
    ) AS itens
  FROM `scratch.bench_items`
  GROUP BY number, day
),

discounted AS (
  SELECT
    *,
    CASE MOD(number, 10) WHEN 1 THEN NUMERIC '1.50' WHEN 2 THEN ROUND(total * NUMERIC '0.10', 2) ELSE 0 END AS less,
    CASE MOD(number, 10) WHEN 1 THEN '1,50' WHEN 2 THEN '10%' ELSE '' END AS desconto,
    IF(MOD(number, 25) = 5, NUMERIC '12.90', NUMERIC '0') AS frete,
    -- Half of them came by webhook, at an hour of their day; the other half is history.
    IF(
      MOD(number, 2) = 0,
      TIMESTAMP_ADD(TIMESTAMP(day, 'America/Sao_Paulo'), INTERVAL 540 + MOD(number * 11, 660) MINUTE),
      TIMESTAMP(day, 'America/Sao_Paulo')
    ) AS arrived
  FROM summed
)

SELECT
  'z316' AS store,
  CONCAT('bench-', CAST(number AS STRING)) AS uuid,
  arrived AS timestamp,
  number AS id,
  number AS numero,
  day AS data,
  frete,
  desconto,
  NUMERIC '0' AS valorICMSSubst,
  NUMERIC '0' AS valorIPI,
  total AS totalProdutos,
  total - less + frete AS totalVenda,
  CASE MOD(number, 8)
    WHEN 0 THEN 'dinheiro' WHEN 1 THEN 'credito' WHEN 2 THEN 'debito' WHEN 3 THEN 'multiplas' ELSE 'pix'
  END AS formaPagamento,
  CASE MOD(number, 50) WHEN 7 THEN 'Cancelado' WHEN 8 THEN 'Em aberto' ELSE 'Faturado' END AS situacao,
  STRUCT(
    IF(MOD(number, 3) = 0, 'Consumidor Final', CONCAT('Cliente ', CAST(MOD(number * 7919, 60000) AS STRING))) AS nome,
    '' AS fantasia,
    '' AS codigo,
    'F' AS tipo,
    IF(MOD(number, 3) = 0, '', LPAD(CAST(MOD(number * 7919, 60000) AS STRING), 11, '0')) AS cpfCnpj,
    '' AS endereco,
    '' AS enderecoNro,
    '' AS complemento,
    '' AS bairro,
    '' AS cidade,
    '' AS uf,
    '' AS cep,
    '' AS fone,
    '' AS celular,
    '' AS email,
    '' AS inscricaoEstadual,
    '9' AS indIEDest
  ) AS contato,
  itens,
  IF(
    MOD(number, 8) = 3,
    [
      STRUCT('pix' AS formaPagamento, day AS dataVencimento, NUMERIC '3.00' AS valor, '17' AS tPag),
      STRUCT(
        'credito' AS formaPagamento, day AS dataVencimento, total - less + frete - NUMERIC '3.00' AS valor, '03' AS tPag
      )
    ],
    []
  ) AS parcelas,
  IF(MOD(number, 2) = 0, 'webhook-bench', 'daily-bench') AS source_id,
  arrived AS update_timestamp,
  arrived AS fetched_at
FROM discounted;

INSERT INTO `tables.pesquisa` (
  store, uuid, timestamp, id, numero, data_pedido, nome, valor, id_vendedor, nome_vendedor, situacao, source_id,
  update_timestamp, fetched_at
)
SELECT
  store,
  uuid,
  timestamp,
  CAST(id AS STRING) AS id,
  CAST(numero AS STRING) AS numero,
  data AS data_pedido,
  contato.nome AS nome,
  totalVenda AS valor,
  CAST(1 + MOD(id, 6) AS STRING) AS id_vendedor,
  CONCAT('Vendedor ', CAST(1 + MOD(id, 6) AS STRING)) AS nome_vendedor,
  situacao,
  source_id,
  update_timestamp,
  fetched_at
FROM `tables.pdv`
WHERE id BETWEEN @first AND @last;

INSERT INTO `tables.produto` (
  store, uuid, timestamp, pedido_id, id, nome, categoria, preco, preco_custo, source_id, update_timestamp, fetched_at
)
SELECT
  orders.store,
  orders.uuid,
  orders.timestamp,
  orders.id AS pedido_id,
  items.product AS id,
  CONCAT('Produto ', CAST(items.product AS STRING)) AS nome,
  CONCAT(
    'Categoria ', CAST(MOD(items.product, 9) AS STRING), ' >> Parte ', CAST(MOD(items.product, 40) AS STRING)
  ) AS categoria,
  items.price AS preco,
  -- The cost of one product in a hundred is not known.
  IF(MOD(items.product, 100) = 0, NULL, ROUND(items.price * NUMERIC '0.6', 2)) AS preco_custo,
  orders.source_id,
  orders.update_timestamp,
  orders.fetched_at
FROM `scratch.bench_items` AS items
INNER JOIN `tables.pdv` AS orders ON items.number = orders.id
WHERE items.product IS NOT NULL AND orders.id BETWEEN @first AND @last;

DROP TABLE `scratch.bench_items`;
