"""Which events were received before.

Belongs here: remembering fingerprints over the batches of a log date. Does not belong here: what a
fingerprint is made of (`parse`).

A fingerprint covers who sent it, when, and the event as JSON: every parameter, known to the contract or not, in
the order they stand in. It has 64 bits: among the 3 million events of a large log date, the odds that two
different ones share one are 1 in 4 million, and even then the event is kept, in quarantine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Seen:
    """The fingerprints so far: a hash table in an array, probed for a whole batch at once."""

    def __init__(self) -> None:
        self._slots = np.zeros(1 << 16, np.uint64)  # 0 is an empty slot
        self._count = 0
        self._zero = False

    def repeated(self, fingerprints: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Which of these were seen before or stand earlier in the same array; all count as seen from now on."""
        unique, first = np.unique(fingerprints, return_index=True)
        repeated = np.ones(len(fingerprints), np.bool_)
        if len(unique) and unique[0] == 0:  # which no slot can hold
            repeated[first[0]], self._zero = self._zero, True
            unique, first = unique[1:], first[1:]
        self._make_room(len(unique))
        new = self._add(unique)
        self._count += len(new)
        repeated[first[new]] = False
        return repeated

    def _make_room(self, more: int) -> None:
        """Keep the table half empty, so that few probes find a slot."""
        if 2 * (self._count + more) > len(self._slots):
            kept = self._slots[self._slots != 0]
            self._slots = np.zeros(1 << (4 * (self._count + more) - 1).bit_length(), np.uint64)
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
