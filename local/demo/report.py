"""What the demo prints, as text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.demo.parts import Warehouse
from local.stack.settings import Settings

Rows = Mapping[str, list[dict[str, Any]]]


def tables(rows: Mapping[str, int], calls: Mapping[str, int]) -> str:
    """Report the rows of each table, and what they cost in calls."""
    lines = ["", "Rows in BigQuery"]
    lines += [f"  {table:<10}{count:>6}" for table, count in rows.items()]
    lines += ["Calls of Tiny's API"]
    lines += [f"  {service:<18}{count:>6}" for service, count in sorted(calls.items())]
    return "\n".join(lines)


def one_order(order: Mapping[str, Any], rows: Rows, warehouse: Warehouse) -> str:
    """Follow one order from its webhook file to its rows."""
    pedido = order["id"]
    files = [name for name in warehouse.objects("webhook/") if f"-{pedido}-" in name]
    raw = [name for name in warehouse.objects("raw/pdv/") if warehouse.envelope(name, pedido)]
    envelope = warehouse.envelope(raw[0], pedido) if raw else None
    snapshots = {row["id"]: row for row in rows["produto"] if row["pedido_id"] == pedido}
    search = next((row for row in rows["pesquisa"] if row["id"] == str(pedido)), {})
    lines = ["", f"Order {pedido}, number {order['numero']}, followed through"]
    lines += [f"  webhook file   gs://{warehouse.api_bucket}/{name}" for name in files]
    lines += [f"  raw order      gs://{warehouse.api_bucket}/{name}" for name in raw]
    if envelope:
        lines += [f"  raw search     gs://{warehouse.api_bucket}/{envelope['pesquisa']}"]
        lines += [
            f"  raw product    gs://{warehouse.api_bucket}/{name}"
            for name in sorted(envelope["produtos"].values())
        ]
    lines += [
        f"  row in pdv     {order['data']:%d/%m/%Y}, {order['situacao']}, {order['formaPagamento']}, "
        f"items {order['totalProdutos']}, discount {order['desconto']}, total {order['totalVenda']}",
        f"  row in pesquisa  seller {search.get('nome_vendedor') or 'none'}, value {search.get('valor')}",
        f"  rows in produto  {len(snapshots)}; its items:",
    ]
    lines += [_item(item, snapshots.get(item["idProduto"])) for item in order["itens"]]
    return "\n".join(lines)


def _item(item: Mapping[str, Any], snapshot: Mapping[str, Any] | None) -> str:
    cost: Decimal | None = snapshot["preco_custo"] if snapshot else None
    shown = "unknown" if cost is None else f"{cost:f}"
    return f"    {item['quantidade']:>9f} x {item['descricao']:<32} at {item['valor']:>8f}, cost {shown}"


def delay(least: float, median: float, most: float) -> str:
    """Report the time from the receiver's answer to the row."""
    return (
        "\nFrom the receiver's 200 to the row in BigQuery: "
        f"{least:.1f} s at least, {median:.1f} s median, {most:.1f} s at most"
    )


def page(path: Path) -> str:
    """Report where the report page is."""
    return f"\nThe report, from the views, as a page: {path.as_uri()}"


def ending(problems: list[str], settings: Settings, seconds: float) -> str:
    """Write the verdict, and where to look next."""
    verdict = (
        "Every row equals the simulator's truth, field by field."
        if not problems
        else f"{len(problems)} things are wrong; they are listed above."
    )
    query = "SELECT id, totalVenda FROM z316_tiny.pdv"
    return f"""
{verdict} Took {seconds:.0f} s. Nothing is left running; the data is in {settings.home}.

Look at it:  AIRFLOW={settings.airflow} make up, then
  Airflow    {settings.url("AIRFLOW_PORT")}  (login admin, password admin)
  query      . .local/env; python -c 'from google.cloud import bigquery as b; \
print(*b.Client().query_and_wait("{query}"), sep="\\n")'
"""
