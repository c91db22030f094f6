"""The blend: several recommenders, each with a share of the say.

Belongs here: mixing, and the shares. Does not belong here: which recommenders (`candidates`).

Each part's scores of a session are taken for a probability of what comes next (they are divided by their sum), and
the blend is the mixture of them. Its weights are then no matter of taste: those under which what came next, in
sessions that no part has seen, was likeliest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from rs_assets.models.next_item.catalog import Catalog
from rs_assets.models.next_item.limits import CHUNK
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Floats
from rs_assets.models.next_item.recommender import Array, Recommender
from rs_assets.models.next_item.sessions import Sessions
from rs_assets.models.next_item.votes import Votes, together

ROUNDS = 200
"""Of expectation maximization; the weights stand still to three digits long before."""


@dataclass(eq=False)
class Blend(Recommender):
    """A mixture of recommenders.

    Args:
        parts: by name.
        weights: of each part, by name, 0 or more, 1 in all; even if not given. A part of weight 0 is not asked.
    """

    parts: dict[str, Recommender] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)

    def _learned(self, sessions: Sessions) -> dict[str, Array]:
        for part in self.parts.values():
            part.learn(sessions)
        return self.arrays()

    def assemble(self, catalog: Catalog) -> Self:
        """Be fitted, of parts that are, and return itself."""
        self.catalog = catalog
        return self

    def weigh(self, queries: Queries, targets: Codes) -> Self:
        """Set the weights to the likeliest ones, and return itself.

        Args:
            queries: of sessions that the parts were not fitted on.
            targets: what came next at each; -1 for an item that the parts do not know.
        """
        chances = np.stack([_chances(part, queries, targets) for part in self.parts.values()], axis=1)
        # Four digits are all that is known of them, and a part that says nothing is then not asked at all.
        weights = np.round(mixture(chances), 4)
        self.weights = dict(zip(self.parts, weights.tolist(), strict=True))
        return self

    def votes(self, queries: Queries) -> Votes:
        """See `Recommender.votes`."""
        even = 1 / max(len(self.parts), 1)
        asked = [(part, self.weights.get(name, even)) for name, part in self.parts.items()]
        said = [part.votes(queries).shares(len(queries), weight) for part, weight in asked if weight]
        return together(said)

    def arrays(self) -> dict[str, Array]:
        """See `Recommender.arrays`; a part's are named after it."""
        return {
            f"{name}/{array}": values
            for name, part in self.parts.items()
            for array, values in part.arrays().items()
        }

    def restore(self, catalog: Catalog, arrays: Mapping[str, Array]) -> Self:
        """See `Recommender.restore`."""
        self.catalog = catalog
        for name, part in self.parts.items():
            part.restore(catalog, {array: arrays[f"{name}/{array}"] for array in part.ARRAYS})
        return self


def mixture(chances: Floats) -> Floats:
    """The weights, 0 or more and 1 in all, that make what happened likeliest, by expectation maximization.

    Args:
        chances: (observations, parts): the probability that each part gave to what happened. Observations that no
            part thought possible say nothing about the weights, and are left out.
    """
    told = chances[np.sum(chances, axis=1) > 0]
    weights = np.full(chances.shape[1], 1 / chances.shape[1])
    if not told.size:
        return weights
    for _ in range(ROUNDS):
        blame = told * weights
        weights = np.mean(blame / np.sum(blame, axis=1, keepdims=True), axis=0)
    return weights


def _chances(part: Recommender, queries: Queries, targets: Codes) -> Floats:
    found = np.zeros(len(queries))
    for first in range(0, len(queries), CHUNK):
        some = queries.chunk(first, CHUNK)
        wanted = targets[first : first + CHUNK].astype(np.int64)
        found[first : first + CHUNK] = part.votes(some).shares(len(some), 1.0).of(wanted, len(some))
    return found
