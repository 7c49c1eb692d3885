SELECT
  forma_pagamento,
  SUM(pedidos) AS pedidos,
  SUM(valor) AS valor
FROM `{{ report('vendas_por_forma_pagamento') }}`
WHERE dia BETWEEN @first AND @last
GROUP BY forma_pagamento
ORDER BY valor DESC, forma_pagamento
