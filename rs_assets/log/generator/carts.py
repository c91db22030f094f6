"""What is in the carts of all sessions of a day.

Belongs here: putting in, taking out. Does not belong here: when that happens (`walk`).
"""

from __future__ import annotations

import numpy as np

from rs_assets.log.generator.vocabulary import CART_SLOTS, Ints

_MOST_OF_ONE = 9


class Carts:
    """One cart a session, filled from the left. Items are numbers; an empty place is -1."""

    def __init__(self, sessions: int) -> None:
        self.items = np.full((sessions, CART_SLOTS), -1)
        self.counts = np.zeros((sessions, CART_SLOTS), dtype=np.int64)

    def filled(self, session: Ints) -> Ints:
        """How many different items each cart holds."""
        places: Ints = (self.items[session] >= 0).sum(axis=1)
        return places

    def put(self, session: Ints, item: Ints) -> None:
        """One more of an item in each cart; a cart that does not hold it yet must have a place."""
        there = self.items[session] == item[:, None]
        has = there.any(axis=1)
        place = np.where(has, there.argmax(axis=1), self.filled(session))
        more = np.minimum(self.counts[session, place] + 1, _MOST_OF_ONE)
        self.counts[session, place] = np.where(has, more, 1)
        self.items[session, place] = item

    def take_last(self, session: Ints) -> tuple[Ints, Ints]:
        """Take out the item that was put in last; returns it and how many there were of it."""
        place = self.filled(session) - 1
        item, count = self.items[session, place], self.counts[session, place]
        self.items[session, place] = -1
        return item, count

    def clear(self, session: Ints) -> None:
        """What was in the cart has been bought."""
        self.items[session] = -1
