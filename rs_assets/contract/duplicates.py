"""Which events were received before.

Belongs here: remembering fingerprints over the batches of a log date. Does not belong here: what a
fingerprint is made of (`parse`).

A fingerprint covers the fields of the contract: events that differ in nothing but a parameter the contract
does not know count as equal. It has 64 bits: among the 3 million events of a large log date, the odds that two
different ones share one are 1 in 4 million, and even then the event is kept, in quarantine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Seen:
    """The fingerprints so far: a sorted array, 8 bytes an event."""

    def __init__(self) -> None:
        self._sorted = np.empty(0, np.uint64)

    def repeated(self, fingerprints: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Which of these were seen before or stand earlier in the same array; all count as seen from now on."""
        unique, first = np.unique(fingerprints, return_index=True)
        repeated = np.ones(len(fingerprints), np.bool_)
        repeated[first] = False
        if len(self._sorted):
            at = np.minimum(np.searchsorted(self._sorted, fingerprints), len(self._sorted) - 1)
            repeated |= self._sorted[at] == fingerprints
        merged = np.concatenate([self._sorted, unique])
        merged.sort(kind="stable")  # two sorted runs: merged in one pass
        self._sorted = merged
        return repeated
