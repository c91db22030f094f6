"""Past sessions as numbers: what recommenders learn from, encoded once for all of them.

Belongs here: encoding. Does not belong here: what they make of it, or the sessions that are asked about (`queries`).

Codes and session numbers are ranks of total orders, so they carry meaning: item 0 is the most popular one, and
session 0 the one that ended last. They depend on the rows, not on the order in which rows arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from rs_assets.models.next_item.catalog import Catalog
from rs_assets.models.next_item.events import one_site, steps
from rs_assets.models.next_item.limits import LONGEST
from rs_assets.models.next_item.ragged import Codes, Floats, Ints, lengths_of, ranks_within, starts_of


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
    age_days: Floats

    def __len__(self) -> int:
        return self.age_days.size

    @cached_property
    def owner(self) -> Ints:
        """The session of each item."""
        return np.repeat(np.arange(len(self), dtype=np.int64), lengths_of(self.starts))

    @cached_property
    def place(self) -> Ints:
        """The place of each item in its session, from 0."""
        return ranks_within(self.owner)


def encode(events: pl.DataFrame) -> Sessions:
    """The sessions of one site's ITEM_EVENTS; cart events are not steps and leave nothing.

    Raises:
        UserError: the events are of several sites, whose items would mix.
    """
    rows = steps(one_site(events))
    counts = rows["item_id"].value_counts(name="n").sort(["n", "item_id"], descending=[True, False])
    catalog = Catalog(counts["item_id"], counts["n"].to_numpy().astype(np.int64))
    ends = rows.group_by("session_id").agg(ended_at=pl.col("event_time").max())
    ends = ends.sort(["ended_at", "session_id"], descending=[True, False]).with_row_index("number")
    # By number: five million ids as text take four times as long to sort.
    numbered = rows.join(ends.select("session_id", "number"), on="session_id")
    numbered = numbered.select("number", "position", "item_id").sort("number", "position")
    owner = numbered["number"].to_numpy().astype(np.int64)
    length = np.bincount(owner, minlength=len(ends))
    kept = ranks_within(owner) >= length[owner] - LONGEST
    items = catalog.codes(numbered["item_id"])[kept]
    items.flags.writeable = False  # everybody's: a sparse matrix that sorts itself would sort them
    age = ends.select((pl.col("ended_at").max() - pl.col("ended_at")).dt.total_microseconds()).to_series()
    return Sessions(
        catalog, starts_of(np.minimum(length, LONGEST)), items, age.cast(pl.Float64).to_numpy() / 86_400e6
    )
