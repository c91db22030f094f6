"""The table `site_shapes`: a row a log date, site, event name and path of the payload.

Belongs here: its columns, which paths there are, and putting its two sources together. Does not belong here: counting
(`sent`, `sample`), comparing (`compare`).
"""

from __future__ import annotations

import polars as pl

from rs_assets.contract.schemas import BODY, ITEM, PARAMS
from rs_assets.lake.tables import Schema

KEYS = ["site", "event_name", "path"]
TYPES = {"as_string": "a string", "as_number": "a number", "as_other": "neither string nor number"}

SITE_SHAPES: Schema = {
    "log_date": pl.Date,
    "site": pl.String,
    "event_name": pl.String,
    "path": pl.String,
    "sent": pl.Int64,
    "of": pl.Int64,
    "as_string": pl.Int64,
    "as_number": pl.Int64,
    "as_other": pl.Int64,
}
"""`sent` of `of` valid events have the parameter (of a path with `items[]`: of their items). Of a sample of what was
received, valid or not, the JSON types it came in before it was cast: `as_string`, `as_number`, and `as_other`."""

EVENT_PATHS = {
    **{name: str(BODY[name].metadata["path"]) for name in ("user_id", "user_properties", "consent")},
    **{
        "session_ref" if name == "session_id" else name: str(column.metadata["path"])
        for name, column in PARAMS.items()
    },
    "items": "params.items",
}
"""Columns of `valid_events` that an event may lack, and where in the payload they stand."""

ITEM_PATHS = {str(name): f"params.items[].{name}" for name in ITEM.columns}
"""The same for fields of `items`."""


def site_shapes(sent: pl.DataFrame, types: pl.DataFrame, log_date: str) -> pl.DataFrame:
    """SITE_SHAPES of a log date, in order, from its counts of parameters (`sent`) and of types (`sample`)."""
    joined = sent.join(types, on=KEYS, how="full", coalesce=True)
    counts = [name for name, kind in SITE_SHAPES.items() if kind == pl.Int64]
    dated = joined.with_columns(pl.col(counts).fill_null(0), log_date=pl.lit(log_date).str.to_date())
    return dated.select(*SITE_SHAPES).sort(KEYS)
