"""Questions: every position of sessions, each with what came next; and how well they are answered.

Belongs here: from sessions to questions, from answers to ranks. Does not belong here: averages of ranks
(`measuring`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from rs_assets.models.next_item.catalog import Catalog
from rs_assets.models.next_item.events import ORDER, steps
from rs_assets.models.next_item.limits import LONGEST, SHOWN
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Ints, spans, starts_of
from rs_assets.models.next_item.recommender import Recommender


@dataclass(frozen=True, eq=False)
class Questions:
    """What is next, at every step of sessions but their first?

    Attributes:
        rows: `session_id`, `position` (Int64, of the step that is asked for, so from 2), `length` (Int64, steps of
            the session), `known` (Float64, share of the steps before that training has seen the item of) and `target`
            (Utf8, the item that came), by session and position.
        queries: the steps before, one query a row.
        targets: the code of what came; -1 for an item that training has not seen, which nobody can foresee.
    """

    rows: pl.DataFrame
    queries: Queries
    targets: Codes

    def __len__(self) -> int:
        return self.targets.size

    def take(self, which: Ints) -> Questions:
        """Some of the questions, in the order asked for."""
        return Questions(self.rows[which], self.queries.take(which), self.targets[which])


def questions(catalog: Catalog, events: pl.DataFrame) -> Questions:
    """The questions that one site's ITEM_EVENTS ask; cart events ask none."""
    rows = (
        steps(events)
        .sort(ORDER)
        .select(
            "session_id",
            "item_id",
            position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("session_id"),
            length=pl.len().over("session_id").cast(pl.Int64),
        )
    )
    codes = catalog.codes(rows["item_id"])
    lengths = rows.group_by("session_id", maintain_order=True).len()["len"].to_numpy()
    queries, targets = _prefixes(starts_of(lengths), codes)
    seen = starts_of((codes >= 0).astype(np.int64))  # a running count, too
    asked = rows.with_columns(
        known=pl.Series(seen[:-1] - np.repeat(seen[starts_of(lengths)[:-1]], lengths), dtype=pl.Float64)
        / (pl.col("position") - 1),
    ).filter(pl.col("position") > 1)
    return Questions(
        asked.select("session_id", "position", "length", "known", target="item_id"), queries, targets
    )


def ranks(recommender: Recommender, asked: Questions, shown: int = SHOWN) -> Ints:
    """The place of what came among the `shown` recommendations of each question, from 1; 0 where it is not there."""
    codes, _ = recommender.top(asked.queries, shown)
    hit = (codes == asked.targets[:, None]) & (asked.targets >= 0)[:, None]
    return np.where(np.any(hit, axis=1), np.argmax(hit, axis=1) + 1, 0).astype(np.int64)


def _prefixes(starts: Ints, items: Codes) -> tuple[Queries, Codes]:
    """A query for each step but each session's first, and that step's code."""
    asked, owner = spans(starts[:-1] + 1, np.diff(starts) - 1)
    seen = np.minimum(asked - starts[owner], LONGEST)
    index, _ = spans(asked - seen, seen)
    nothing = np.zeros(asked.size + 1, dtype=np.int64)
    return Queries(starts_of(seen), items[index], nothing, np.empty(0, np.int32)), items[asked]
