"""Erasure: what clients asked to be forgotten, and what was done about it. An immutable log meets privacy law.

`<raw>/_erasures/000001.json`, `000002.json`, … are the log's own history: erasure orders, and the rewrites made under
them, each chained to the one before like seals. The graph drops the lines of erased clients as it reads them, from
the order on; a rewrite takes them out of the log's bytes, and changes nothing else. `docs/erasure.md` has the whole.

This front only reads. What writes orders (`ordering`) and rewrites segments (`rewriting`) is the command line's, and
nothing of the graph imports it.
"""

from rs_assets.log.erasure.clients import Client
from rs_assets.log.erasure.entries import Order, Rewrite, Rewritten
from rs_assets.log.erasure.history import History, read_history
from rs_assets.log.erasure.orders import Orders, read_orders
from rs_assets.log.erasure.reading import unerased

__all__ = [
    "Client",
    "History",
    "Order",
    "Orders",
    "Rewrite",
    "Rewritten",
    "read_history",
    "read_orders",
    "unerased",
]
