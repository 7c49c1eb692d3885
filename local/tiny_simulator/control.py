"""The control API under ``/_sim/``: JSON, from this machine only; README.md describes each path."""

import json
import os
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from typing import Any, Final

from aiohttp import web

from local.tiny_simulator import truth, webhooks
from local.tiny_simulator.faults import Planned
from local.tiny_simulator.model import Order
from local.tiny_simulator.shop import UnknownOrderError
from local.tiny_simulator.simulator import Simulator

SIMULATOR: Final = web.AppKey("simulator", Simulator)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_MOST: Final = 50_000
Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep strangers out of the control API, and tell its mistakes as JSON with a reason."""
    if not request.path.startswith("/_sim/"):
        return await handler(request)
    if request.remote not in _LOOPBACK:
        return web.json_response({"error": "only from this machine"}, status=403)
    try:
        return await handler(request)
    except UnknownOrderError as error:
        return web.json_response({"error": f"unknown: {error}"}, status=404)
    except (ValueError, TypeError, KeyError) as error:
        return web.json_response({"error": str(error)}, status=400)


async def _body(request: web.Request) -> Json:
    text = await request.text()
    body = json.loads(text) if text.strip() else {}
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


async def health(request: web.Request) -> web.Response:
    """Report that it answers, which process it is, and how much it knows."""
    shop = request.app[SIMULATOR].shop
    return web.json_response({
        "status": "ok",
        "pid": os.getpid(),
        "orders": len(shop.orders),
        "products": len(shop.products),
        "seed": shop.seed,
        "today": shop.now().date().isoformat(),
    })


async def sell(request: web.Request) -> web.Response:
    """Create new sales, with the webhooks that Tiny posts for them."""
    made = _sold(request.app[SIMULATOR], await _body(request))
    return web.json_response({"orders": [_reported(order, events) for order, events in made]})


def _sold(sim: Simulator, body: Json) -> list[tuple[Order, list[Json]]]:
    """Create new sales, each with its webhooks."""
    quirks = sim.settings.quirks
    day, registered = (
        date.fromisoformat(body[name]) if body.get(name) else None for name in ("date", "registered")
    )
    count = int(body.get("count", 1))
    if not 0 < count <= _MOST:
        raise ValueError(f"count must be 1 to {_MOST}")
    pair = bool(body.get("pair", quirks.webhook_pair))
    orders = sim.shop.sell(count, day, quirks, registered)
    return [(order, webhooks.birth(order, quirks, pair=pair)) for order in orders]


def _reported(order: Order, events: list[Json]) -> Json:
    return {
        "id": order.id, "numero": order.numero, "date": order.data.isoformat(), "webhooks": events,
    }  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """Edit, cancel, invoice or delete an order."""
    sim = request.app[SIMULATOR]
    order_id, action = int(request.match_info["id"]), request.match_info["action"]
    if action == "delete":
        sim.shop.delete(order_id)
        return web.json_response({"id": order_id, "webhooks": []})
    if action == "edit":
        order = sim.shop.edit(order_id, await _body(request))
    else:
        order = {"cancel": sim.shop.cancel, "invoice": sim.shop.invoice}[action](order_id)
    event = webhooks.payload(order, "atualizacao_pedido", sim.settings.quirks)
    return web.json_response(_reported(order, [event]))


async def edit_product(request: web.Request) -> web.Response:
    """Change a product, such as its cost."""
    sim = request.app[SIMULATOR]
    goods = sim.shop.edit_product(int(request.match_info["id"]), await _body(request))
    return web.json_response(truth.product(goods, sim.settings.quirks))


async def tell_truth(request: web.Request) -> web.Response:
    """Report rows as the tables should hold them, whatever the wire makes of them."""
    sim = request.app[SIMULATOR]
    quirks, orders = sim.settings.quirks, list(_asked(request))
    products = sim.shop.sold_products(orders)
    if request.query.get("products") == "all":
        products = list(sim.shop.products.values())
    tables: dict[str, Callable[[], Any]] = {
        "pdv": lambda: [truth.pdv(order, quirks) for order in orders],
        "pesquisa": lambda: [truth.search_line(order, quirks) for order in orders],
        "produto": lambda: [truth.product(goods, quirks) for goods in products],
        "snapshots": lambda: truth.snapshots(orders),
        "orders": lambda: [truth.order_facts(order) for order in orders],
        "deleted": lambda: list(sim.shop.deleted),
    }
    names = [name for name in request.query.get("tables", "").split(",") if name] or list(tables)
    return web.json_response({name: tables[name]() for name in names})


def _asked(request: web.Request) -> Iterable[Order]:
    shop, query = request.app[SIMULATOR].shop, request.query
    ids = [int(part) for part in query.get("ids", "").split(",") if part]
    if ids:
        return [shop.order(order_id) for order_id in ids]
    first, last = (date.fromisoformat(query[name]) if name in query else None for name in ("from", "to"))
    return shop.between(first, last)


async def tell_calls(request: web.Request) -> web.Response:
    """Report what was called since the last reset."""
    return web.json_response(request.app[SIMULATOR].calls.to_dict())


async def reset_calls(request: web.Request) -> web.Response:
    """Forget the calls, the minute that the limit counts, and any block."""
    sim = request.app[SIMULATOR]
    sim.calls = type(sim.calls)()
    sim.gate.reset()
    return web.json_response({})


async def tell_settings(request: web.Request) -> web.Response:
    """Report the switches."""
    return web.json_response(request.app[SIMULATOR].settings.to_dict())


async def put_settings(request: web.Request) -> web.Response:
    """Change some switches; the answer tells all."""
    sim = request.app[SIMULATOR]
    sim.settings = sim.settings.changed(await _body(request))
    return web.json_response(sim.settings.to_dict())


async def plan_faults(request: web.Request) -> web.Response:
    """Queue faults for the next calls of a service."""
    sim, body = request.app[SIMULATOR], await _body(request)
    times = body.get("times", 1)
    plans = [
        Planned(
            service=str(body.get("service", "*")),
            kind=str(kind),
            times=None if times is None else int(times),
            key=None if body.get("key") is None else str(body["key"]),
            day=f"{date.fromisoformat(body['date']):%d/%m/%Y}" if body.get("date") else None,
        )
        for kind in body["faults"]
    ]
    for planned in plans:
        sim.faults.plan(planned)
    return web.json_response({"waiting": len(sim.faults.queue)})


async def clear_faults(request: web.Request) -> web.Response:
    """Forget the queued faults."""
    request.app[SIMULATOR].faults.queue.clear()
    return web.json_response({"waiting": 0})


async def send_webhooks(request: web.Request) -> web.Response:
    """Post webhooks as Tiny does: those given, or those of new sales."""
    sim, body = request.app[SIMULATOR], await _body(request)
    events = body.get("payloads")
    if events is None:
        events = [event for _, born in _sold(sim, body) for event in born]
    url = str(body.get("url") or sim.webhook_address)
    if not url:
        raise ValueError("url: give one, or enter an address by webhooks/address")
    results = await webhooks.send(
        url,
        events,
        step_s=float(body.get("step_s", 0.05)),
        quirks=sim.settings.quirks,
        tries=int(body.get("tries", webhooks.TRIES)),
        at_once=int(body.get("at_once", 4)),
    )
    return web.json_response({"deliveries": results})


async def save_address(request: web.Request) -> web.Response:
    """Enter the address of a receiver, as people do in Tiny's panel, which tries it before it saves it."""
    sim, body = request.app[SIMULATOR], await _body(request)
    found = await webhooks.accepts(str(body["url"]))
    if found["saved"]:
        sim.webhook_address = str(body["url"])
    return web.json_response(found)


def routes() -> list[web.RouteDef]:
    """List all paths of the control API."""
    return [
        web.get("/_sim/health", health),
        web.post("/_sim/sell", sell),
        web.post("/_sim/orders/{id:\\d+}/{action:edit|cancel|invoice|delete}", change),
        web.post("/_sim/products/{id:\\d+}/edit", edit_product),
        web.get("/_sim/truth", tell_truth),
        web.get("/_sim/calls", tell_calls),
        web.post("/_sim/calls/reset", reset_calls),
        web.get("/_sim/settings", tell_settings),
        web.put("/_sim/settings", put_settings),
        web.post("/_sim/faults", plan_faults),
        web.delete("/_sim/faults", clear_faults),
        web.post("/_sim/webhooks/address", save_address),
        web.post("/_sim/webhooks/send", send_webhooks),
    ]
