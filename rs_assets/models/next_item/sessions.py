"""Sessions as numbers: a site's catalogue, the sessions it learns from, the sessions it is asked about.

Belongs here: encoding, once for all recommenders. Does not belong here: what they make of it.

Codes and session numbers are ranks of total orders, so they carry meaning: item 0 is the most popular one, and
session 0 the one that ended last. They depend on the rows, not on the order in which rows arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from rs_assets.errors import UserError
from rs_assets.models.next_item.events import steps
from rs_assets.models.next_item.limits import LONGEST
from rs_assets.models.next_item.ragged import Codes, Ints, ranks_within, spans, starts_of


@dataclass(frozen=True, eq=False)
class Catalog:
    """The items of a site that training saw, by popularity; an item's code is its place here.

    Attributes:
        item_ids: unique, by falling count, then by id.
        counts: steps of training that each item had.
    """

    item_ids: pl.Series
    counts: Ints

    def __len__(self) -> int:
        return len(self.item_ids)

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {item_id: code for code, item_id in enumerate(self.item_ids)}

    @cached_property
    def _names(self) -> list[str]:
        return self.item_ids.to_list()

    def code(self, item_ids: Sequence[str]) -> Codes:
        """The code of each item, -1 for one that training did not see."""
        return np.fromiter((self._codes.get(item_id, -1) for item_id in item_ids), np.int32, len(item_ids))

    def codes(self, item_ids: pl.Series) -> Codes:
        """The same, for a column."""
        known = pl.DataFrame({"item_id": self.item_ids, "code": np.arange(len(self), dtype=np.int32)})
        asked = pl.DataFrame({"item_id": item_ids}, schema={"item_id": pl.String})
        found = asked.join(known, on="item_id", how="left", maintain_order="left")
        return found["code"].fill_null(-1).to_numpy().astype(np.int32)

    def name(self, code: int) -> str:
        """The id of the item of a code."""
        return self._names[code]


@dataclass(frozen=True, eq=False)
class Sessions:
    """What a site's recommenders learn from, the session that ended last first.

    Attributes:
        catalog: the items.
        starts: where each session's items start, and their number at the end.
        items: codes, oldest first within a session; of longer sessions the latest LONGEST.
        age_days: how long before the last of them each session ended, in days.
    """

    catalog: Catalog
    starts: Ints
    items: Codes
    age_days: np.ndarray[tuple[int], np.dtype[np.float64]]

    def __len__(self) -> int:
        return self.age_days.size

    @cached_property
    def owner(self) -> Ints:
        """The session of each item."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.starts))

    @cached_property
    def place(self) -> Ints:
        """The place of each item in its session, from 0."""
        return ranks_within(self.owner)


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
            lengths = np.diff(starts)[which]
            parts.append((starts_of(lengths), values[spans(starts[which], lengths)[0]]))
        return Queries(*parts[0], *parts[1])

    def last(self) -> Codes:
        """The last step of each query; -1 where it is unknown, or there is none."""
        some = np.diff(self.starts) > 0
        found = np.full(len(self), -1, dtype=np.int32)
        found[some] = self.items[self.starts[1:][some] - 1]
        return found


def encode(events: pl.DataFrame) -> Sessions:
    """The sessions of one site's ITEM_EVENTS; cart events are not steps and leave nothing.

    Raises:
        UserError: the events are of several sites, whose items would mix.
    """
    if events["site"].n_unique() > 1:
        sites = ", ".join(events["site"].unique().sort())
        raise UserError(
            f"A recommender is of one site, and these events are of {sites}.",
            "Use `train`, which makes a model with one recommender a site.",
        )
    rows = steps(events)
    counts = rows["item_id"].value_counts(name="n").sort(["n", "item_id"], descending=[True, False])
    catalog = Catalog(counts["item_id"], counts["n"].to_numpy().astype(np.int64))
    ended = pl.col("event_time").max().over("session_id")
    rows = (
        rows.with_columns(ended_at=ended)
        .sort(["ended_at", "session_id", "position"], descending=[True, False, False])
        .with_columns(back=pl.int_range(pl.len(), 0, -1).over("session_id"))
        .filter(pl.col("back") <= LONGEST)
    )
    ends = rows.group_by("session_id", maintain_order=True).agg(pl.len(), pl.col("ended_at").first())
    age = ends.select((pl.col("ended_at").max() - pl.col("ended_at")).dt.total_microseconds()).to_series()
    return Sessions(
        catalog,
        starts_of(ends["len"].to_numpy()),
        catalog.codes(rows["item_id"]),
        age.cast(pl.Float64).to_numpy() / 86_400e6,
    )


def single(catalog: Catalog, session: Sequence[str], barred: Sequence[str] = ()) -> Queries:
    """One session as queries: the ids of its steps, oldest first."""
    items, never = catalog.code(session[-LONGEST:]), catalog.code(barred)
    return Queries(np.array([0, items.size]), items, np.array([0, never.size]), never)
