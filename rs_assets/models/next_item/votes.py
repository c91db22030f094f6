"""Votes: what recommenders say of items, query by query, before it is added up.

Belongs here: adding up, and shares. Does not belong here: who votes and why, or which items come first (`ranking`).

Sums are taken in the order in which the votes of a query stand, whatever other queries are beside it: so an answer
to one session is, to the bit, the answer that it gets among thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rs_assets.models.next_item.ragged import Floats, Ints, group_starts, lengths_of


@dataclass(frozen=True, eq=False)
class Votes:
    """One entry a vote; an item may have several of a query.

    Attributes:
        query, code: whose, and for which item.
        value: above 0.
    """

    query: Ints
    code: Ints
    value: Floats

    def shares(self, queries: int, weight: float) -> Votes:
        """The votes of each query scaled so that they add up to `weight`."""
        total = np.bincount(self.query, weights=self.value, minlength=queries)
        return Votes(self.query, self.code, self.value / total[self.query] * weight)

    def summed(self, items: int) -> Votes:
        """One vote an item and query, by query and then by code.

        Args:
            items: of the catalogue.
        """
        key = self.query * items + self.code
        order = np.argsort(key, kind="stable")
        starts = group_starts(key[order])
        group = np.repeat(np.arange(starts.size), lengths_of(np.append(starts, key.size)))
        first = order[starts]
        value = np.bincount(group, weights=self.value[order], minlength=starts.size)
        return Votes(self.query[first], self.code[first], value.astype(np.float64))

    def of(self, targets: Ints, queries: int) -> Floats:
        """The sum of the votes for one item of each query."""
        hit = self.code == targets[self.query]
        return np.bincount(self.query[hit], weights=self.value[hit], minlength=queries).astype(np.float64)


def together(votes: Sequence[Votes]) -> Votes:
    """All votes of several voters, at least one, in their order."""
    return Votes(
        np.concatenate([each.query for each in votes]),
        np.concatenate([each.code for each in votes]),
        np.concatenate([each.value for each in votes]),
    )
