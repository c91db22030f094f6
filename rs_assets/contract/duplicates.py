"""Which events were received before, on the same log date or the one before it.

Belongs here: remembering fingerprints and transactions over the batches of a log date. Does not belong here: what a
fingerprint is made of (`parse`), or reading the log date before (`split`).

A fingerprint covers who sent it, when, and the event as JSON: every parameter, known to the contract or not, in
the order they stand in. It has 64 bits: among the 3 million events of a large log date, the odds that two
different ones share one are 1 in 4 million, and even then the event is kept, in quarantine.

What counts as received is every event that keeps the contract, a duplicate of another as well: so the outcome of a
log date follows from the log of two, and not from a chain that goes back to the first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Which = npt.NDArray[np.bool_]


class Received:
    """What a log date has received so far, told from what came before.

    Args:
        before: all that the log date before received.
    """

    def __init__(self, before: Received | None = None) -> None:
        self._events, self._transactions = Seen(), Seen()
        # Not `before` itself, which would hold on to the one before it, and so on.
        self._events_before = before._events if before else Seen()
        self._transactions_before = before._transactions if before else Seen()

    def repeats(self, events: pl.DataFrame) -> tuple[Which, Which]:
        """Which events equal one received before, and which others are purchases of a transaction that was.

        Args:
            events: rows of `valid_events`, the next ones in the order of the log. All count as received from now on.
        """
        fingerprints = events["fingerprint"].to_numpy()
        duplicate = self._events.repeated(fingerprints) | self._events_before.contains(fingerprints)
        purchase = (events["event_name"] == "purchase").to_numpy()
        bought = events.select("site", "transaction_id").filter(purchase).to_struct().hash(seed=0).to_numpy()
        repeated = np.zeros(len(events), np.bool_)
        repeated[purchase] = self._transactions.repeated(bought) | self._transactions_before.contains(bought)
        return duplicate, repeated & ~duplicate


class Seen:
    """Fingerprints so far: a hash table in an array, probed for a whole batch at once."""

    def __init__(self) -> None:
        self._slots = np.zeros(1 << 16, np.uint64)  # 0 is an empty slot
        self._count = 0
        self._zero = False

    def contains(self, fingerprints: npt.NDArray[np.uint64]) -> Which:
        """Which of these were seen before."""
        mask = np.uint64(len(self._slots) - 1)
        found: Which = (fingerprints == 0) & self._zero
        left = np.flatnonzero(fingerprints)
        slot = fingerprints[left] & mask
        while self._count and len(left):
            there = self._slots[slot]
            found[left[there == fingerprints[left]]] = True
            on = (there != 0) & (there != fingerprints[left])
            left, slot = left[on], (slot[on] + np.uint64(1)) & mask
        return found

    def repeated(self, fingerprints: npt.NDArray[np.uint64]) -> Which:
        """Which of these were seen before or stand earlier in the same array; all count as seen from now on."""
        first = np.flatnonzero(pl.Series(fingerprints).is_first_distinct().to_numpy())
        unique = fingerprints[first]
        repeated = np.ones(len(fingerprints), np.bool_)
        if not unique.all():  # 0, which no slot can hold
            zero = int(first[unique == 0][0])
            repeated[zero], self._zero = self._zero, True
            unique, first = unique[unique != 0], first[unique != 0]
        self._make_room(len(unique))
        new = self._add(unique)
        self._count += len(new)
        repeated[first[new]] = False
        return repeated

    def _make_room(self, more: int) -> None:
        """Keep the table half empty, so that few probes find a slot."""
        if 2 * (self._count + more) > len(self._slots):
            kept = self._slots[self._slots != 0]
            self._slots = np.zeros(1 << (2 * (self._count + more) - 1).bit_length(), np.uint64)
            self._add(kept)

    def _add(self, unique: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Put values into their slots; returns the positions of those that were not there yet."""
        mask = np.uint64(len(self._slots) - 1)
        new = np.zeros(len(unique), np.bool_)
        left = np.arange(len(unique))
        slot = unique & mask
        while len(left):
            wanted = unique[left]
            empty = self._slots[slot] == 0
            self._slots[slot[empty]] = wanted[empty]  # of several values for one slot, the last one gets it
            placed = self._slots[slot] == wanted
            new[left[placed & empty]] = True
            left, slot = left[~placed], (slot[~placed] + np.uint64(1)) & mask
        return np.flatnonzero(new)
