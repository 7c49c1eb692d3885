"""Names of the services of Tiny's API v2 that the pipeline calls (https://tiny.com.br/api-docs/api2)."""

from typing import Final

ORDER_SERVICE: Final = "pdv.pedido.obter"
OFFICE_SERVICE: Final = "pedido.obter"
SEARCH_SERVICE: Final = "pedidos.pesquisa"
PRODUCT_SERVICE: Final = "produto.obter"
INFO_SERVICE: Final = "info"
