"""Popularity: the same for everybody. What a model must beat, and what it falls back on.

Belongs here: counting steps by item, with old ones fading. Does not belong here: what a session did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from rs_assets.models.next_item.limits import ROW_ITEMS
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Floats
from rs_assets.models.next_item.recommender import Recommender
from rs_assets.models.next_item.sessions import Sessions
from rs_assets.models.next_item.votes import Votes

FAINTEST = 1e-9
"""What the oldest counts for, of the newest."""


@dataclass(eq=False)
class Popularity(Recommender):
    """Scores the ROW_ITEMS most popular items by their share of all steps.

    Args:
        half_life_days: after so many days a step counts for half; None for all alike.
    """

    half_life_days: float | None = None

    ARRAYS: ClassVar = ("popular", "share")
    popular: Codes = field(init=False, repr=False)
    share: Floats = field(init=False, repr=False)

    def _learned(self, sessions: Sessions) -> dict[str, Codes | Floats]:
        items = len(sessions.catalog)
        weight = fading(sessions.age_days, self.half_life_days)[sessions.owner]
        count = np.bincount(sessions.items, weights=weight, minlength=items)
        popular = np.lexsort((np.arange(items), -count))[:ROW_ITEMS]
        popular = np.sort(popular[count[popular] > 0])
        return {
            "popular": popular.astype(np.int32),
            "share": count[popular] / max(float(np.sum(weight)), 1e-300),
        }

    def votes(self, queries: Queries) -> Votes:
        """See `Recommender.votes`."""
        n, each = len(queries), self.popular.size
        query = np.repeat(np.arange(n), each)
        return Votes(query, np.tile(self.popular.astype(np.int64), n), np.tile(self.share, n))


def fading(age_days: Floats, half_life_days: float | None) -> Floats:
    """The weight of what is so old: 1 for the newest, 0.5 after a half-life, and never nothing."""
    if half_life_days is None:
        return np.ones(age_days.size)
    # An event may be years late; half of half of … would be 0, and shares of 0 are not numbers.
    return np.asarray(np.maximum(np.exp2(-age_days / half_life_days), FAINTEST))
