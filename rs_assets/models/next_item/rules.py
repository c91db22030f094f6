"""Rules: what was looked at in one session, and what was looked at next.

Belongs here: counting pairs of items. Does not belong here: how a session is answered (`item_items`).

Counts are integers (steps at a distance count 2520 / distance, and 2520 is a multiple of each), so no sum depends on
the order in which it is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from rs_assets.models.next_item.item_items import ItemItems
from rs_assets.models.next_item.matrices import shares
from rs_assets.models.next_item.ragged import Ints
from rs_assets.models.next_item.sessions import Sessions

FARTHEST = 10
"""Steps from an item to one that is still taken for its consequence."""

_UNIT = math.lcm(*range(1, FARTHEST + 1))


@dataclass(eq=False)
class AssociationRules(ItemItems):
    """Items by the number of sessions that they share with what was looked at, whichever came first."""

    def _matrix(self, sessions: Sessions) -> csr_array:
        return shares(together(sessions))


@dataclass(eq=False)
class SequentialRules(ItemItems):
    """Items by how often they came after what was looked at, the sooner the more: 1 / distance, up to 10 steps.

    Args:
        returns: whether an item may call for itself, when sessions came back to it.
    """

    returns: bool = False

    def _matrix(self, sessions: Sessions) -> csr_array:
        return shares(following(sessions, self.returns))


def together(sessions: Sessions) -> csr_array:
    """How many sessions have both items: (items, items), integers, nothing on the diagonal."""
    once = membership(sessions)
    pairs = (once.T @ once).tocoo()
    apart = pairs.row != pairs.col
    return csr_array((pairs.data[apart], (pairs.row[apart], pairs.col[apart])), shape=pairs.shape)


def membership(sessions: Sessions) -> csr_array:
    """Which sessions have which items: (sessions, items), 1 or nothing."""
    shape = (len(sessions), len(sessions.catalog))
    # Copied, for adding up moves a matrix's own arrays about, and these are everybody's.
    parts = (np.ones(sessions.items.size, np.int64), sessions.items, sessions.starts)
    found = csr_array(parts, shape=shape, copy=True)
    found.sum_duplicates()
    found.data[:] = 1
    return found


def following(sessions: Sessions, returns: bool) -> csr_array:
    """How often the column's item came after the row's: (items, items), in units of 1 / 2520 of a next step."""
    n = len(sessions.catalog)
    total = csr_array((n, n), dtype=np.int64)
    for distance in range(1, FARTHEST + 1):
        later = np.flatnonzero(sessions.place >= distance)
        before, after = sessions.items[later - distance], sessions.items[later]
        if not returns:
            apart = before != after
            before, after = before[apart], after[apart]
        units: Ints = np.full(before.size, _UNIT // distance)
        total = total + csr_array((units, (before, after)), shape=(n, n))
    return total
