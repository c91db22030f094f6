"""Recommenders that are one matrix: how strongly an item calls for another.

Belongs here: how a session is answered by such a matrix, and how one is kept small. Does not belong here: how one
is learned (`rules`, `embedding`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from rs_assets.models.next_item.limits import ROW_ITEMS
from rs_assets.models.next_item.matrices import strongest
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Ints, lengths_of, ranks_within, spans, spans_of
from rs_assets.models.next_item.recommender import Array, Recommender
from rs_assets.models.next_item.sessions import Sessions
from rs_assets.models.next_item.votes import Votes


@dataclass(eq=False)
class ItemItems(Recommender):
    """Adds up the rows of a session's latest items, an older one for less.

    Args:
        fading: what a step counts for, relative to the step after it: 0 for the last item alone.
        steps: how many of the latest steps are looked at.
    """

    fading: float = 0.0
    steps: int = 10

    ARRAYS: ClassVar = ("starts", "items", "weights")
    starts: Ints = field(init=False, repr=False)
    items: Codes = field(init=False, repr=False)
    weights: npt.NDArray[np.float32] = field(init=False, repr=False)

    @abstractmethod
    def _matrix(self, sessions: Sessions) -> csr_array:
        """The matrix (items, items): how strongly the row's item calls for the column's, 0 or more."""

    def _learned(self, sessions: Sessions) -> Mapping[str, Array]:
        kept = strongest(self._matrix(sessions), ROW_ITEMS)
        weights = kept.data.astype(np.float32)
        return {
            "starts": kept.indptr.astype(np.int64),
            "items": kept.indices.astype(np.int32),
            "weights": weights,
        }

    def votes(self, queries: Queries) -> Votes:
        """See `Recommender.votes`."""
        looked = 1 if self.fading == 0 else self.steps
        lengths = np.minimum(lengths_of(queries.starts), looked)
        index, query = spans(queries.starts[1:] - lengths, lengths)
        weight = (self.fading ** np.arange(looked))[lengths[query] - 1 - ranks_within(query)]
        known = np.flatnonzero(queries.items[index] >= 0)
        entry, owner = spans_of(self.starts, queries.items[index][known])
        step = known[owner]
        return Votes(query[step], self.items[entry].astype(np.int64), self.weights[entry] * weight[step])
