"""Queries: sessions so far, for each of which the next item is asked.

Belongs here: their arrays, and one session as one. Does not belong here: the past (`sessions`), scores, or many
sessions of a table (`recommender`, `questions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rs_assets.models.next_item.catalog import Catalog
from rs_assets.models.next_item.limits import LONGEST
from rs_assets.models.next_item.ragged import Codes, Ints, lengths_of, spans_of, starts_of


@dataclass(frozen=True, eq=False)
class Queries:
    """Sessions so far, for each of which the next item is asked.

    Attributes:
        starts, items: their steps as codes, oldest first, at most the latest LONGEST; -1 for unknown items.
        barred_starts, barred: codes that must not be recommended.
    """

    starts: Ints
    items: Codes
    barred_starts: Ints
    barred: Codes

    def __len__(self) -> int:
        return self.starts.size - 1

    def chunk(self, first: int, size: int) -> Queries:
        """The queries from the first on, at most `size`."""
        last = min(first + size, len(self))
        starts, barred = self.starts[first : last + 1], self.barred_starts[first : last + 1]
        return Queries(
            starts - starts[0],
            self.items[starts[0] : starts[-1]],
            barred - barred[0],
            self.barred[barred[0] : barred[-1]],
        )

    def take(self, which: Ints) -> Queries:
        """Some of the queries, in the order asked for."""
        parts: list[tuple[Ints, Codes]] = []
        for starts, values in ((self.starts, self.items), (self.barred_starts, self.barred)):
            index, _ = spans_of(starts, which)
            parts.append((starts_of(lengths_of(starts)[which]), values[index]))
        return Queries(*parts[0], *parts[1])

    def last(self) -> Codes:
        """The last step of each query; -1 where it is unknown, or there is none."""
        some = lengths_of(self.starts) > 0
        found = np.full(len(self), -1, dtype=np.int32)
        found[some] = self.items[self.starts[1:][some] - 1]
        return found


def single(catalog: Catalog, session: Sequence[str], barred: Sequence[str] = ()) -> Queries:
    """One session as queries: the ids of its steps, oldest first."""
    items, never = catalog.code(session[-LONGEST:]), catalog.code(barred)
    return Queries(np.array([0, items.size]), items, np.array([0, never.size]), never)
