"""The erasure orders in force: whom the graph drops, and on which log dates that made a difference.

Belongs here: reading them, with the ids that are still kept. Does not belong here: dropping (`reading`), or writing
(`ordering`).

As long as lines of an order's clients are in the log, their ids lie beside it, in `<digest of the order>.ids.json`:
the rewrite needs them. Once it found nothing left, it deletes that file, and digests are all that remains.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rs_assets.errors import UserError
from rs_assets.log.erasure.clients import KINDS, Client
from rs_assets.log.erasure.entries import Order
from rs_assets.log.erasure.history import FOLDER, History, read_history
from rs_assets.log.erasure.matching import Matcher
from rs_assets.log.layout import RawLog

ASSET = "erasures"
"""Their name as an input of assets."""
ENDING = ".ids.json"


@dataclass(frozen=True)
class Orders:
    """The orders of a log.

    Attributes:
        history: of the log.
        ids: the clients of each order whose ids are still kept, by the order's digest.
    """

    history: History = field(default_factory=History)
    ids: Mapping[str, frozenset[Client]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.history.orders)

    @property
    def salt(self) -> str:
        """The key of all digests, hex; "" without an order."""
        return self.history.orders[0].salt if self else ""

    @cached_property
    def matcher(self) -> Matcher:
        """What finds the clients of all orders."""
        known = frozenset[Client]().union(*self.ids.values())
        held = {(client.kind, client.digest(self.salt)) for client in known}
        all_of = frozenset(one for order in self.history.orders for one in order.clients)
        return Matcher(known, all_of - held, self.salt)

    def concerning(self, log_date: str) -> list[Order]:
        """The orders under which events of a log date may have been dropped."""
        return [order for order in self.history.orders if order.concerns(log_date)]

    def version(self, log_date: str) -> str | None:
        """A digest of those, as an input has one; None where there are none."""
        concerning = [order.digest for order in self.concerning(log_date)]
        return hashlib.sha256("\n".join(concerning).encode()).hexdigest() if concerning else None


def read_orders(log: RawLog) -> Orders:
    """The orders in force.

    Raises:
        UserError: the history is not whole, or an order's ids are not those that it is about.
    """
    history = read_history(log)
    history.require_whole()
    if not history.orders:
        return Orders(history)
    there = {entry.name for entry in log.files.inside(FOLDER)}
    kept = [order for order in history.orders if order.digest + ENDING in there]
    found = log.files.read([ids_place(order) for order in kept])
    # One that is not there any more was deleted by a rewrite meanwhile.
    read = [(order, data) for order, data in zip(kept, found, strict=True) if isinstance(data, bytes)]
    return Orders(history, {order.digest: _ids(order, data) for order, data in read})


def ids_place(order: Order) -> str:
    """Where the ids of an order lie, as long as they are kept."""
    return f"{FOLDER}/{order.digest}{ENDING}"


def encode_ids(clients: frozenset[Client]) -> bytes:
    """The ids as they lie."""
    return (json.dumps([[client.kind, client.id] for client in sorted(clients)]) + "\n").encode()


def _ids(order: Order, data: bytes) -> frozenset[Client]:
    try:
        clients = frozenset(Client(kind, str(one)) for kind, one in json.loads(data) if kind in KINDS)
    except (ValueError, TypeError):
        clients = frozenset()
    if {(client.kind, client.digest(order.salt)) for client in clients} != set(order.clients):
        raise UserError(
            f"{ids_place(order)} does not hold the ids that order {order.number} is about.",
            "Put it back as it was written; or delete it: the order then holds by its digests.",
        )
    return clients
