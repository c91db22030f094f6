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
    found = [frame.filter(hollow)["k"].to_numpy().astype(np.int64)]
    hinted, said = _survey(pieces)
    too_many = frame.filter(pl.col("event_index") >= MAX_EVENTS)["k"].to_numpy()
    found.append(too_many.astype(np.int64))
    if hinted:
        found.append(np.array([k for k, line in enumerate(lines) if DOUBTFUL.search(line)], np.int64))
    has_items = frame["items"].is_not_null()
    # Equal by chance would take one line that says the word too often and one too seldom. Too seldom only a line
    # can that escapes it, which is in doubt anyway: all others have the word for every list that was read.
    if hinted or said != has_items.sum():
        written = np.fromiter((line.count(ITEMS.encode()) for line in lines), np.int64, len(lines))
        read = np.bincount(frame["k"].to_numpy(), weights=has_items.to_numpy(), minlength=len(lines))
        found.append(np.flatnonzero(written != read))
    return np.unique(np.concatenate(found))


def _survey(pieces: list[bytes]) -> tuple[bool, int]:
    """Whether any line may match DOUBTFUL, and how often the word items is said."""
    try:
        texts = pl.Series(pieces, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:  # not UTF-8, which polars does not search
        hinted = any(DOUBTFUL.search(piece) is not None for piece in pieces)
        return hinted, sum(piece.count(ITEMS.encode()) for piece in pieces)
    return bool(texts.str.contains_any(HINTS).any()), int(
        texts.str.count_matches(ITEMS, literal=True).sum() or 0
    )
