"""Which lines the native parser may have read otherwise than they stand.

Belongs here: finding those lines cheaply, on whole batches. Does not belong here: what is wrong with them
(`exact` tells).

The native reader takes trailing commas and answers null where a line is no JSON or a container has the wrong
shape: `"params": [1]` comes out as a params without a parameter, `"items": {}` as no items at all. So a line is
in doubt when an event of it is missing or no object, has a params without a key or an items that was read as
none, when a comma stands before a closing bracket, or when it is so long that its body may be too large.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from rs_assets.contract.exact import BODY_BYTES, MAX_EVENTS
from rs_assets.contract.flags import TEMPLATES
from rs_assets.contract.literals import holding
from rs_assets.contract.shapes import Shape
from rs_assets.log.blocks import Batch

DOUBTFUL = re.compile(rb",\s*[}\]]")
SIGNS = [sign.encode() for sign in TEMPLATES]
HINTS = [*SIGNS, b",}", b",]", *(f"{space}{bracket}".encode() for space in " \t\r" for bracket in "}]")]
"""What a line without any of cannot match DOUBTFUL or hold a template; searched in a tenth of the pattern's time."""
Positions = npt.NDArray[np.int64]


def in_doubt(
    events: pl.DataFrame, shapes: Mapping[int, Shape | None], batch: Batch
) -> tuple[Positions, Positions]:
    """Positions of the lines that must be read again, and of those that may hold a template; both ascending.

    Args:
        events: what the native parser made of the batch.
        shapes: those of `events`; the lines of one that is None are in doubt.
        batch: the lines themselves.
    """
    hollow = [of for of, shape in shapes.items() if shape is None or shape.hollow]
    with_items = [of for of, shape in shapes.items() if shape is not None and shape.has_items]
    shape = pl.col("shape")
    misread = (
        ~pl.col("is_object").fill_null(False)
        | (pl.col("event_index") >= MAX_EVENTS)
        | shape.is_in(pl.Series(hollow, dtype=pl.UInt64))
        | (pl.col("items").is_null() & shape.is_in(pl.Series(with_items, dtype=pl.UInt64)))
    )
    doubtful = batch.end - batch.start > BODY_BYTES
    doubtful[events.select(pl.col("k").filter(misread)).to_series().to_numpy()] = True
    hinted = [k for k in holding(batch, HINTS) if not doubtful[k]]
    templated = [k for k in hinted if any(sign in batch.text(k) for sign in SIGNS)]
    for k in hinted:
        doubtful[k] = bool(DOUBTFUL.search(batch.text(k)))
    again = np.flatnonzero(doubtful)
    return again, np.union1d(again, np.array(templated, np.int64))  # what is in doubt was not looked through
