"""Session kNN: people who did what this one did have also looked at this.

Belongs here: similarity of sessions, and votes of the nearest. Does not belong here: finding them (`neighbours`).

`SessionKnn` is the plain kind, of sets. `VectorSessionKnn` knows of order and time: the vector-multiplication kind
(Ludewig and Jannach, 2018), with the places of items in past sessions (as STAN, Garg et al., 2019) and an index that
bounds the work of an answer (as VMIS-kNN, Kersbergen et al., 2022).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from rs_assets.models.next_item.limits import LONGEST
from rs_assets.models.next_item.neighbours import Index, Pairs, Places, build, candidates, nearest
from rs_assets.models.next_item.popularity import fading
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Floats, Ints, lengths_of, spans_of
from rs_assets.models.next_item.recommender import Array, Recommender
from rs_assets.models.next_item.sessions import Sessions
from rs_assets.models.next_item.votes import Votes


@dataclass(eq=False)
class _Neighbours(Recommender):
    """The items of the nearest of the latest past sessions that share an item with the session.

    Args:
        candidates: past sessions that are looked at, the latest.
        neighbours: those of them that vote, the most similar.
    """

    candidates: int = 500
    neighbours: int = 100

    ARRAYS: ClassVar = tuple(Index.__dataclass_fields__)
    _index: Index = field(init=False, repr=False)

    def _learned(self, sessions: Sessions) -> dict[str, Array]:
        return vars(build(sessions, self.candidates))

    def _ready(self) -> None:
        self._index = Index(*(getattr(self, name) for name in self.ARRAYS))

    def votes(self, queries: Queries) -> Votes:
        """See `Recommender.votes`."""
        near = nearest(self._similar(queries), len(queries), self.neighbours)
        found, owner = spans_of(self._index.session_starts, near.session)
        given = self._votes(near, owner, self._index.session_places[found])
        return Votes(near.query[owner], self._index.session_items[found].astype(np.int64), given)

    @abstractmethod
    def _similar(self, queries: Queries) -> Pairs:
        """The candidates with their similarity."""

    @abstractmethod
    def _votes(self, near: Pairs, owner: Ints, place: Places) -> Floats:
        """What a neighbour (`owner`, an entry of `near`) gives its item at a place."""


@dataclass(eq=False)
class SessionKnn(_Neighbours):
    """Sessions are sets: cosine similarity, and each of a neighbour's items gets it as it is."""

    def _similar(self, queries: Queries) -> Pairs:
        sizes = np.zeros(len(queries))

        def alike(query: Ints, item: Codes, since: Ints) -> Floats:
            sizes[:] = np.bincount(query, minlength=len(queries))
            return np.ones(query.size)

        pairs = candidates(self._index, queries, self.candidates, alike)
        starts = self._index.session_starts
        size = starts[pairs.session + 1] - starts[pairs.session]
        pairs.similarity[:] /= np.sqrt(size * sizes[pairs.query])
        return pairs

    def _votes(self, near: Pairs, owner: Ints, place: Places) -> Floats:
        return near.similarity[owner]


@dataclass(eq=False)
class VectorSessionKnn(_Neighbours):
    """Sessions are sequences: later items count for more, in the session and in its neighbours.

    A shared item counts (its place from 1 / the session's length), or what `fading` says. A neighbour gives its
    items its similarity / (steps since the last shared item, and one), less with the distance from that item.

    Args:
        fading: if given, a shared item counts fading ** (steps since it) instead.
        rarity: how much more an item counts for being rare: 1 + rarity * ln(sessions / sessions with it).
        half_life_days: after so many days a past session is half as similar; None for no difference.
        reach: each step between the shared item and another, in the neighbour, leaves this share of the vote.
    """

    fading: float | None = None
    rarity: float = 0.0
    half_life_days: float | None = None
    reach: float = 1.0

    def _ready(self) -> None:
        super()._ready()
        self._recency = fading(self._index.age_days, self.half_life_days)
        steps = np.arange(LONGEST)
        self._faded, self._reached = (self.fading or 0.0) ** steps, self.reach**steps

    def _similar(self, queries: Queries) -> Pairs:
        lengths = lengths_of(queries.starts)

        def counts(query: Ints, item: Codes, since: Ints) -> Floats:
            linear: Floats = (lengths[query] - since + 1) / lengths[query]
            weight = linear if self.fading is None else self._faded[since - 1]
            return np.asarray(weight * (1 + self.rarity * self._index.idf[item]))

        pairs = candidates(self._index, queries, self.candidates, counts)
        pairs.similarity[:] *= self._recency[pairs.session]
        return pairs

    def _votes(self, near: Pairs, owner: Ints, place: Places) -> Floats:
        vote = (near.similarity / near.since)[owner]
        return vote if self.reach == 1.0 else vote * self._reached[np.abs(place - near.place[owner])]
