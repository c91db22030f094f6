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

from rs_assets.contract.schemas import PARAMS

ITEMS = b'"items"'
ITEMS_KEY = re.compile(rb'"items"\s*:')
ESCAPED_ITEMS = re.compile(rb"\\u00(?:6[59dD]|7[34])")  # any letter of the word; escaping one is rare
TRAILING_COMMA = re.compile(rb",\s*[}\]]")
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
    escaped = _matching(ESCAPED_ITEMS, pieces, lines)
    found = [
        frame.filter(hollow)["k"].to_numpy().astype(np.int64),
        _matching(TRAILING_COMMA, pieces, lines),
        escaped,
    ]
    has_items = frame["items"].is_not_null()
    # Equal by chance would take one line that says the key too often and one too seldom. Too seldom only a line
    # can that escapes it: all others have the key for every list that was read from them.
    if len(escaped) or sum(piece.count(ITEMS) for piece in pieces) != has_items.sum():
        written = np.fromiter((len(ITEMS_KEY.findall(line)) for line in lines), np.int64, len(lines))
        read = np.bincount(frame["k"].to_numpy(), weights=has_items.to_numpy(), minlength=len(lines))
        found.append(np.flatnonzero(written != read))
    return np.unique(np.concatenate(found))


def _matching(pattern: re.Pattern[bytes], pieces: list[bytes], lines: list[bytes]) -> Positions:
    if not any(pattern.search(piece) for piece in pieces):
        return np.empty(0, np.int64)
    return np.array([k for k, line in enumerate(lines) if pattern.search(line)], np.int64)
