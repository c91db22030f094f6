"""Events that are plain: they hold nothing but fields of the contract, each of them once and none of them null.

Belongs here: telling them without looking at their keys, which would mean to read each event once more and costs a
quarter of the parsing. Does not belong here: what the keys of the others say (`shapes`).

They are told by length. The native reader writes an event anew, without white space, and the value of each field in
the same way; so an event is plain exactly if its text is as long as the values of the contract's fields with their
names and punctuation. All else that it may hold, be it a null or a field said twice, makes it longer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from rs_assets.contract.schemas import PARAMS
from rs_assets.contract.schemas.shape import MAX_PARAMS

PUNCTUATION = len('"":,')
AROUND = len('{}"params":{}') - 1  # of both objects, which have one comma less than members
AROUND_ITEMS = len('"items":[],') - 1
AROUND_ITEM = len("{},") - 1
UNKNOWN = 1 << 40  # longer than any event


def is_plain(events: pl.DataFrame) -> pl.Series:
    """Which events are plain.

    Args:
        events: `length` (of the event as JSON text), `event_name`, `event_timestamp_micros`, `items` (a list of
            structs) and any of the contract's parameters, all of them JSON text. A field that an event has must have
            its column, or the event is not plain; one of more parameters than the contract allows is none, either.
    """
    params = [name for name in PARAMS if name in events.columns]
    of_params = events.select(members_length(params)).to_series() + pl.Series(_of_items(events["items"]))
    of_event = members_length(["event_name", "event_timestamp_micros"], ["name", "timestamp_micros"])
    # Without any parameter, params may be no object.
    plain = pl.lit(of_params > 0) & (AROUND + of_event + pl.lit(of_params) == pl.col("length"))
    if len(params) >= MAX_PARAMS:
        plain &= pl.sum_horizontal(pl.col(name).is_not_null() for name in [*params, "items"]) <= MAX_PARAMS
    return events.select(plain.fill_null(False)).to_series()


def members_length(columns: list[str], names: list[str] | None = None) -> pl.Expr:
    """What members take, with a comma behind each; nothing where they are null."""
    named = zip(columns, names or columns, strict=True)
    return pl.sum_horizontal(
        pl.lit(0, pl.Int64),
        *(
            pl.col(column).str.len_bytes().cast(pl.Int64) + (len(name) + PUNCTUATION)
            for column, name in named
        ),
    )


def _of_items(lists: pl.Series) -> npt.NDArray[np.int64]:
    """What the member `items` takes, with the comma behind it; nothing where it is null or empty."""
    items = lists.list.explode(empty_as_null=False, keep_nulls=False).struct.unnest()
    fields = items.select(members_length(items.columns)).to_series().to_numpy()
    each = np.where(fields > 0, fields + AROUND_ITEM, UNKNOWN)  # without any field, an item may be no object
    counts = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    ends = np.cumsum(counts)
    sums = np.concatenate([[0], np.cumsum(each)])
    return np.where(counts > 0, sums[ends] - sums[ends - counts] + AROUND_ITEMS, 0)
