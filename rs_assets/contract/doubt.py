"""Which lines the native parser may have read otherwise than they stand.

Belongs here: finding those lines cheaply, on whole batches. Does not belong here: what is wrong with them
(`exact` tells).

The native reader takes trailing commas and answers null where a line is no JSON or a container has the wrong
shape: `"params": [1]` comes out as a params without a parameter, `"items": {}` as no items at all. So a line is
in doubt when an event of it is missing, has no name or has params without a parameter, when a comma stands
before a closing bracket, or when it says "items": more often than the reader found some, or perhaps in escapes.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from rs_assets.contract.exact import MAX_EVENTS
from rs_assets.contract.schemas import PARAMS

ITEMS = '"items"'
DOUBTFUL = re.compile(rb",\s*[}\]]|\\u00(?:6[59dD]|7[34])")
"""A comma before a closing bracket, or a letter of the word items as an escape."""
HINTS = [",}", ",]", *(f"{space}{bracket}" for space in " \t\r" for bracket in "}]"), "\\u006", "\\u007"]
"""What a piece without any of cannot match DOUBTFUL: one pass over it, where the pattern takes four times as long."""
Positions = npt.NDArray[np.int64]


def in_doubt(frame: pl.DataFrame, pieces: list[bytes], lines: list[bytes]) -> Positions:
    """Positions in `lines` that must be read again, ascending.

    Args:
        frame: what the native parser made of them, with `k` their position.
        pieces: the same bytes, uncut: looking there first spares looking at every line.
        lines: the lines.
    """
    any_param = pl.any_horizontal(pl.col(name).is_not_null() for name in (*PARAMS, "items"))
    hollow = ~pl.col("has_event") | pl.col("event_name").is_null() | (pl.col("has_params") & ~any_param)
    hollow |= pl.col("event_index") >= MAX_EVENTS
    k = frame["k"].to_numpy()
    doubtful = np.zeros(len(lines), np.bool_)
    doubtful[frame.filter(hollow)["k"].to_numpy()] = True
    if doubtful.any():
        # What is in doubt already need not be looked through, and is what could not be looked through as text.
        pieces = [b"\n".join([line for line, out in zip(lines, doubtful.tolist(), strict=True) if not out])]
    hinted, said = _survey(pieces)
    if hinted:
        doubtful |= np.fromiter((bool(DOUBTFUL.search(line)) for line in lines), np.bool_, len(lines))
    has_items = frame["items"].is_not_null().to_numpy()
    # Equal by chance would take one line that says the word too often and one too seldom. Too seldom only a line
    # can that escapes it, which is in doubt by then: all others have the word for every list that was read.
    if hinted or said != has_items[~doubtful[k]].sum():
        written = np.fromiter((line.count(ITEMS.encode()) for line in lines), np.int64, len(lines))
        doubtful |= written != np.bincount(k, weights=has_items, minlength=len(lines))
    return np.flatnonzero(doubtful)


def _survey(pieces: list[bytes]) -> tuple[bool, int]:
    """Whether any line may match DOUBTFUL, and how often the word items is said."""
    try:
        # By way of Arrow, which says no in one word where polars puts the whole piece in its message.
        text = pa.array(pieces, pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:  # not UTF-8, which is not searched as text
        return True, 0
    texts = pl.Series(text)
    return bool(texts.str.contains_any(HINTS).any()), int(
        texts.str.count_matches(ITEMS, literal=True).sum() or 0
    )
