"""Sessions under way, in memory and bounded.

Belongs here: which clients are kept, and for how long. Does not belong here: where a session ends
(`rs_assets.features.client`).

Whoever was not heard of for longest goes first. A session that is forgotten while it is under way begins anew, which
makes answers poorer, and never wrong by more than what was forgotten.
"""

from __future__ import annotations

from collections import OrderedDict

from rs_assets.features.client import Client
from rs_assets.features.running import DAY, Running
from rs_assets.scorer.intake import Taken

EVENTS = 500_000
"""Events, and items that were met, kept at most, of all clients; about 200 MB."""
LARGEST = 20_000
"""Of one client: it is a machine, and begins anew."""
TRANSACTIONS = 100_000
"""Remembered at most: a shop's page of thanks is loaded again within minutes."""


class Memory:
    """The clients heard of last.

    Args:
        events: how many are kept at most.
    """

    def __init__(self, events: int = EVENTS) -> None:
        self._most = events
        self._clients: OrderedDict[tuple[str, str], tuple[int, Client]] = OrderedDict()
        self._transactions: OrderedDict[tuple[str, str], int] = OrderedDict()
        self.events = 0

    def __len__(self) -> int:
        """How many clients are kept."""
        return len(self._clients)

    def add(self, site: str, taken: Taken) -> tuple[Running | None, int]:
        """Add a client's events, at least one; gives its session under way, and how many had come before.

        There is no session where all of them had: a purchase that came from another client, say.
        """
        received = max(event.received for event, _ in taken.events)
        key = (site, taken.client_id)
        _, client = self._clients.pop(key, (received, Client()))
        session: Running | None = None
        size, repeated = len(client), 0
        for event, known in taken.events:
            again = client.repeats(known, event.log_date)
            again |= event.transaction is not None and self._bought(site, event.transaction, event.log_date)
            repeated += again
            session = client.under_way(event) if again else client.add(event)
        self.events -= size
        if len(client) <= LARGEST:
            self._clients[key] = received, client
            self.events += len(client)
        self._forget(received)
        return session, repeated

    def _bought(self, site: str, transaction: str, log_date: int) -> bool:
        """Whether the purchase was received on this log date or the one before; it counts as received from now."""
        before = self._transactions.pop((site, transaction), None)
        self._transactions[site, transaction] = log_date
        if len(self._transactions) > TRANSACTIONS:
            self._transactions.popitem(last=False)
        return before is not None and log_date - before <= 1

    def _forget(self, now: int) -> None:
        """Forget the least recent ones: those beyond the bound, and those of whom nothing came for a day."""
        while len(self._clients) > 1:
            heard, client = next(iter(self._clients.values()))
            if self.events <= self._most and now - heard < DAY:
                return
            self._clients.popitem(last=False)
            self.events -= len(client)
