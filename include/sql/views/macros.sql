{#- What several views share.

    store, timezone, effective_statuses, placeholder_contacts: SQL literals from the stores file. target(table): a table of the store;
    keys_table: the table of the store's secret; report(view): a view of the report dataset. personal: whether the view is the one
    with personal data. -#}

{#- Text without accents and capitals, by which statuses are compared. -#}
{%- macro plain(text) -%}
TRANSLATE(LOWER(TRIM({{ text }})), 'áàâãäéèêëíìîïóòôõöúùûüçñ', 'aaaaaeeeeiiiiooooouuuucn')
{%- endmacro -%}

{#- A number as people type it: 5,00 5.00 1.234,56 10% 10,5% -3 R$ 5,00; null for anything else, such as 10+5. The comma,
    if one stands last, is that of the decimals. -#}
{%- macro number(text) -%}
{%- set bare = "REGEXP_REPLACE(" ~ text ~ ", r'^[\\s\\p{Z}]*(?:R\\$)?[\\s\\p{Z}]*|[\\s\\p{Z}]*%?[\\s\\p{Z}]*$', '')" -%}
{%- set digits = "REGEXP_EXTRACT(" ~ bare ~ ", r'^-?[0-9.,]+$')" -%}
SAFE_CAST(
      IF(
        REGEXP_CONTAINS({{ digits }}, r',[0-9]*$'),
        REPLACE(REPLACE({{ digits }}, '.', ''), ',', '.'),
        REPLACE({{ digits }}, ',', '')
      ) AS NUMERIC
    )
{%- endmacro -%}

{#- A Brazilian telephone: area code and number, without the country's code; null for anything else. -#}
{%- macro phone(text) -%}
REGEXP_EXTRACT(REGEXP_REPLACE({{ text }}, r'[^0-9]', ''), r'^0*(?:55)?([1-9]{2}[0-9]{8,9})$')
{%- endmacro -%}

{#- Whether a text is more than one character repeated: tills fill documents and telephones with zeros or nines. -#}
{%- macro is_varied(text) -%}
REPLACE({{ text }}, LEFT({{ text }}, 1), '') != ''
{%- endmacro -%}

{#- Whether a document, an e-mail or a telephone may tell who the customer is: it is more than one character repeated, and
    not one that stands for nobody: those that everybody knows, the store's own, and those of the stores file. -#}
{%- macro tells_who(text) -%}
{{ is_varied(text) }} AND {{ text }} NOT IN ({{ placeholder_contacts }})
{%- endmacro -%}

{#- CTE pedidos_da_loja: one row an order with what needs no other table: days, customer's key, whether it is a sale.

    pedido_dia is the partition column itself, so a filter by it reads only its partitions. The customer's key is the
    HMAC-SHA256 (RFC 2104) of what identifies the customer, with the store's secret of 64 bytes: one block of SHA-256. -#}
{%- macro pedidos_da_loja() -%}
segredo AS (
  SELECT
    MIN(chave) ^ FROM_HEX(REPEAT('36', 64)) AS interna,
    MIN(chave) ^ FROM_HEX(REPEAT('5c', 64)) AS externa
  FROM `{{ keys_table }}`
  WHERE store = {{ store }}
),

pedidos_lidos AS (
  SELECT
    *,
    REGEXP_REPLACE(UPPER(contato.cpfCnpj), r'[^0-9A-Z]', '') AS documento,
    LOWER(TRIM(contato.email)) AS email,
    {{ phone('contato.celular') }} AS celular,
    {{ phone('contato.fone') }} AS fone,
    {{ plain('situacao') }} AS situacao_simples
  FROM `{{ target('pdv') }}`
  WHERE store = {{ store }}
),

pedidos_identificados AS (
  SELECT
    *,
    CASE
      WHEN
        REGEXP_CONTAINS(documento, r'^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$') AND {{ tells_who('documento') }}
        THEN CONCAT('documento:', documento)
      WHEN REGEXP_CONTAINS(email, r'^[!-?A-~]+@[!-?A-~]+$') AND {{ tells_who('email') }} THEN CONCAT('email:', email)
      WHEN {{ tells_who('celular') }} THEN CONCAT('telefone:', celular)
      WHEN {{ tells_who('fone') }} THEN CONCAT('telefone:', fone)
    END AS identidade
  FROM pedidos_lidos
),

pedidos_da_loja AS (
  SELECT
    pedido.uuid,
    pedido.timestamp,
    pedido.data AS pedido_dia,
    -- Vendas que vieram do histórico têm a meia-noite do seu dia, e não a hora em que chegaram.
    IF(
      pedido.timestamp = TIMESTAMP(DATE(pedido.timestamp, {{ timezone }}), {{ timezone }}),
      NULL,
      EXTRACT(HOUR FROM pedido.timestamp AT TIME ZONE {{ timezone }})
    ) AS pedido_hora,
    pedido.id AS pedido_id,
    pedido.numero AS pedido_numero,
    pedido.contato.nome AS cliente_nome,
    pedido.contato.cpfCnpj AS cliente_cpf,
    pedido.contato.email AS cliente_email,
    pedido.contato.celular AS cliente_celular,
    TO_HEX(
      SHA256(CONCAT(segredo.externa, SHA256(CONCAT(segredo.interna, CAST(pedido.identidade AS BYTES)))))
    ) AS cliente_chave,
    COALESCE(pedido.frete, 0) AS valor_frete,
    COALESCE(pedido.valorIPI, 0) AS valor_ipi,
    COALESCE(pedido.valorICMSSubst, 0) AS valor_icms_st,
    pedido.totalProdutos AS total_produtos,
    pedido.desconto AS desconto_digitado,
    pedido.totalVenda AS valor_faturado,
    NULLIF(TRIM(pedido.formaPagamento), '') AS forma_pagamento,
    pedido.situacao,
    COALESCE(pedido.situacao_simples IN ({{ effective_statuses }}), FALSE) AND pedido.deleted_at IS NULL AS venda_efetiva,
    COALESCE(STARTS_WITH(pedido.situacao_simples, 'cancelad'), FALSE) AS cancelado,
    pedido.deleted_at IS NOT NULL AS excluido,
    pedido.source_id,
    pedido.update_timestamp AS processed_timestamp,
    pedido.itens,
    pedido.parcelas
  FROM pedidos_identificados AS pedido
  CROSS JOIN segredo
)
{%- endmacro -%}

{#- The columns of an order that its lines carry. -#}
{%- set order_columns = [
  'uuid', 'timestamp', 'pedido_hora', 'pedido_numero',
  'cliente_nome', 'cliente_cpf', 'cliente_email', 'cliente_celular', 'cliente_chave', 'vendedor_nome', 'vendedor_id',
  'valor_frete', 'valor_ipi', 'valor_icms_st', 'total_produtos', 'desconto_digitado', 'valor_faturado',
  'forma_pagamento', 'situacao', 'venda_efetiva', 'cancelado', 'excluido', 'source_id', 'processed_timestamp',
] -%}

{#- CTE linhas: one row an item with its order, seller, product and the item's own amounts; an order without items has
    one row without an item, so that no order is lost.

    ROUND takes halves away from zero, in BigQuery as in Tiny. Quantity times unit price is rounded to cents for each item
    before anything is added. An item's discount is in percent and its price is the one after it; at 100 % there is no price
    before it. A product's cost of 0 is one that nobody filled in, as Tiny writes it for kits. -#}
{%- macro linhas() -%}
{{ pedidos_da_loja() }},

linhas_lidas AS (
  SELECT
    pedidos_da_loja.*,
    posicao,
    item.idProduto AS produto_id,
    item.descricao,
    item.valor AS preco,
    item.quantidade,
    LEAST(COALESCE({{ number('item.desconto') }}, 0), 100) AS desconto_percentual
  FROM pedidos_da_loja
  -- BigQuery mantém o pedido sem itens também sem ON TRUE; o emulador, só assim.
  LEFT JOIN UNNEST(pedidos_da_loja.itens) AS item WITH OFFSET AS posicao ON TRUE
),

linhas_com_precos AS (
  SELECT
    linha.*,
    pesquisa.nome_vendedor AS vendedor_nome,
    pesquisa.id_vendedor AS vendedor_id,
    COALESCE(produto.nome, linha.descricao) AS produto_nome,
    SPLIT(produto.categoria, '>>') AS categorias,
    COALESCE(NULLIF(produto.preco_custo, 0), NULLIF(produto.preco_custo_medio, 0)) AS custo_und,
    CAST(linha.preco * 100 / NULLIF(100 - linha.desconto_percentual, 0) AS NUMERIC) AS preco_sem_desconto,
    COALESCE(ROUND(SAFE_MULTIPLY(linha.preco, linha.quantidade), 2), 0) AS total
  FROM linhas_lidas AS linha
  -- A linha da busca está na partição do mesmo dia: as duas são lidas juntas.
  LEFT JOIN `{{ target('pesquisa') }}` AS pesquisa
    ON
      pesquisa.id = CAST(linha.pedido_id AS STRING)
      AND pesquisa.data_pedido = linha.pedido_dia
      AND pesquisa.store = {{ store }}
  LEFT JOIN `{{ target('produto') }}` AS produto
    ON
      produto.pedido_id = linha.pedido_id
      AND produto.id = linha.produto_id
      AND produto.store = {{ store }}
),

linhas AS (
  SELECT
    *,
    ROUND(SAFE_MULTIPLY(preco_sem_desconto, quantidade), 2) AS total_sem_desconto,
    ROUND(SAFE_MULTIPLY(custo_und, quantidade), 2) AS custo
  FROM linhas_com_precos
)
{%- endmacro -%}

{#- What the order's discount must be so that the items add up to what was charged: the discount of the order in all
    ordinary cases, and also a cent that Tiny rounded otherwise. Negative for a surcharge. -#}
{%- macro order_discount(products) -%}
COALESCE(
      {{ products }} - ROUND(valor_faturado - valor_frete - valor_ipi - valor_icms_st, 2),
      0
    )
{%- endmacro -%}
