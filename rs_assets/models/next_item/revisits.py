"""Revisits: people come back to what they have just looked at.

Belongs here: the items of the session itself. Does not belong here: anything learned of others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Floats, lengths_of
from rs_assets.models.next_item.recommender import Recommender
from rs_assets.models.next_item.sessions import Sessions
from rs_assets.models.next_item.votes import Votes


@dataclass(eq=False)
class Revisits(Recommender):
    """Scores the session's own items: each step counts 1 / (steps since, and one)."""

    def _learned(self, sessions: Sessions) -> dict[str, Floats]:
        return {}

    def votes(self, queries: Queries) -> Votes:
        """See `Recommender.votes`."""
        query = np.repeat(np.arange(len(queries), dtype=np.int64), lengths_of(queries.starts))
        since = queries.starts[1:][query] - np.arange(query.size)
        known = queries.items >= 0
        return Votes(query[known], queries.items[known].astype(np.int64), 1.0 / since[known])
