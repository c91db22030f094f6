"""The one interface of all recommenders: `fit`, `recommend`, `recommend_many`, in the manner of scikit-learn.

Belongs here: what every recommender has and does. Does not belong here: any way of scoring.

A recommender's fields are its settings, as a scikit-learn estimator's arguments are; `fit` returns it fitted. There
is one way of scoring, on many sessions at once, and one session is many of length one: what is served equals what is
computed in batch, to the bit, because it is the same computation. So no score of a session may depend on which
others are beside it: sums are taken row by row, in an order of the row's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from rs_assets.models.next_item.catalog import Catalog
from rs_assets.models.next_item.events import ORDER, carts, one_site, steps
from rs_assets.models.next_item.limits import CHUNK, LONGEST, SHOWN
from rs_assets.models.next_item.queries import Queries, single
from rs_assets.models.next_item.ragged import Codes, Floats, starts_of
from rs_assets.models.next_item.ranking import best
from rs_assets.models.next_item.sessions import Sessions, encode
from rs_assets.models.next_item.votes import Votes

Array = npt.NDArray[np.generic]


class Recommendation(NamedTuple):
    """An item to show, and its score; 0 is for what only fills the list."""

    item_id: str
    score: float


@dataclass(eq=False)
class Recommender(ABC):
    """Recommends to a session what it may look at next.

    Order of calls: make it with its settings, `fit`, then the others in any order and number.
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ()
    """The names of the attributes that fitting gives, apart from the catalogue; all are numpy arrays."""

    catalog: Catalog = field(init=False, repr=False)

    def fit(self, events: pl.DataFrame) -> Self:
        """Learn from one site's ITEM_EVENTS, and return itself.

        Raises:
            UserError: the events are of several sites.
        """
        return self.learn(encode(events))

    def learn(self, sessions: Sessions) -> Self:
        """The same, from sessions that are encoded already."""
        return self.restore(sessions.catalog, self._learned(sessions))

    def restore(self, catalog: Catalog, arrays: Mapping[str, Array]) -> Self:
        """Be fitted with what fitting gave before: ARRAYS by name, as an artifact keeps them."""
        self.catalog = catalog
        for name in self.ARRAYS:
            setattr(self, name, arrays[name])
        self._ready()
        return self

    def arrays(self) -> dict[str, Array]:
        """What fitting gave, by name: `restore` takes it."""
        return {name: getattr(self, name) for name in self.ARRAYS}

    def _ready(self) -> None:  # noqa: B027  (most have nothing to do)
        """Make what is quick to make from ARRAYS and wanted in every call."""

    @abstractmethod
    def _learned(self, sessions: Sessions) -> Mapping[str, Array]:
        """What fitting gives: ARRAYS by name."""

    @abstractmethod
    def votes(self, queries: Queries) -> Votes:
        """What it says of each query; an item's score is the sum of its votes."""

    def recommend(
        self, session: Sequence[str], k: int = SHOWN, *, barred: Sequence[str] = ()
    ) -> list[Recommendation]:
        """The k items that a session may look at next, the likeliest first; fewer if the site has fewer.

        Args:
            session: the ids of the items that it has looked at, oldest first, with repetitions. Ids that training
                did not see count as steps that tell nothing.
            k: how many, at least 1.
            barred: ids that must not be recommended, as those in the cart.
        """
        codes, scores = self.top(single(self.catalog, session, barred), k)
        ranked = zip(codes[0].tolist(), scores[0].tolist(), strict=True)
        return [Recommendation(self.catalog.name(code), score) for code, score in ranked if code >= 0]

    def recommend_many(self, events: pl.DataFrame, k: int = SHOWN, *, threads: int = 1) -> pl.DataFrame:
        """The same for each session of ITEM_EVENTS, with what is in its cart barred.

        Args:
            events: of one site, of sessions so far.
            k: how many, at least 1.
            threads: no result depends on the number.

        Returns:
            `session_id`, `rank` (Int64, from 1), `item_id` (Utf8), `score` (Float64), in the order of the first
            two. A session without a step is recommended what is popular.
        """
        session_ids, queries = self.queries(events)
        codes, scores = self.top(queries, k, threads)
        shown = codes >= 0
        row, place = np.nonzero(shown)
        return pl.DataFrame(
            {
                "session_id": session_ids.gather(row),
                "rank": place + 1,
                "item_id": self.catalog.item_ids.gather(codes[shown]),
                "score": scores[shown],
            },
            schema_overrides={"rank": pl.Int64},
        )

    def queries(self, events: pl.DataFrame) -> tuple[pl.Series, Queries]:
        """The sessions of one site's ITEM_EVENTS by id, and each as a query.

        Raises:
            UserError: the events are of several sites.
        """
        session_ids = one_site(events)["session_id"].unique().sort()
        rows = steps(events).sort(ORDER).filter(pl.int_range(pl.len(), 0, -1).over(ORDER[:2]) <= LONGEST)
        (items, starts), (barred, barred_starts) = (
            (self.catalog.codes(table["item_id"]), starts_of(_counts(session_ids, table)))
            for table in (rows, carts(events))
        )
        return session_ids, Queries(starts, items, barred_starts, barred)

    def top(self, queries: Queries, k: int = SHOWN, threads: int = 1) -> tuple[Codes, Floats]:
        """The k best items of each query: codes and scores, (queries, k) each; see `ranking.best`.

        Raises:
            ValueError: k is less than 1.
        """
        if k < 1:
            raise ValueError(f"k is at least 1, not {k}.")
        codes, scores = np.full((len(queries), k), -1, dtype=np.int32), np.zeros((len(queries), k))

        def answer(first: int) -> None:
            part = queries.chunk(first, CHUNK)
            found = best(self.votes(part), part, len(self.catalog), k)
            codes[first : first + CHUNK], scores[first : first + CHUNK] = found

        chunks = range(0, len(queries), CHUNK)
        if threads == 1 or len(chunks) < 2:
            for first in chunks:
                answer(first)
        else:
            with ThreadPoolExecutor(
                threads
            ) as pool:  # most of an answer is sorting, which numpy does unlocked
                list(pool.map(answer, chunks))
        return codes, scores


def _counts(session_ids: pl.Series, rows: pl.DataFrame) -> npt.NDArray[np.integer]:
    counted = rows.group_by("session_id").len()
    asked = session_ids.to_frame("session_id").join(
        counted, on="session_id", how="left", maintain_order="left"
    )
    return asked["len"].fill_null(0).to_numpy()
