"""Revisits: people come back to what they have just looked at.

Belongs here: the items of the session itself. Does not belong here: anything learned of others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from rs_assets.models.next_item.ragged import Floats
from rs_assets.models.next_item.recommender import Recommender
from rs_assets.models.next_item.sessions import Queries, Sessions


@dataclass(eq=False)
class Revisits(Recommender):
    """Scores the session's own items: each step counts 1 / (steps since, and one)."""

    def _learned(self, sessions: Sessions) -> dict[str, Floats]:
        return {}

    def scores(self, queries: Queries) -> csr_array:
        """See `Recommender.scores`."""
        lengths = np.diff(queries.starts)
        owner = np.repeat(np.arange(len(queries), dtype=np.int64), lengths)
        since = queries.starts[1:][owner] - np.arange(owner.size)
        known = queries.items >= 0
        parts = (1.0 / since[known], (owner[known], queries.items[known]))
        found = csr_array(parts, shape=(len(queries), len(self.catalog)))
        found.sum_duplicates()
        return found
