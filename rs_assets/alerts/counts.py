"""Counting a log date's events: how many, and in which ways they are wrong.

Belongs here: tables in, small tables out, by columns. Does not belong here: where the tables lie (`facts`).
"""

from __future__ import annotations

import polars as pl

BATCH_ROWS = 262_144
"""Quarantined events in memory at a time, with all that is held against them."""

KEYS = ("site", "event_name", "code", "path")
VOLUMES = {
    "log_date": pl.String,
    "site": pl.String,
    "event_name": pl.String,
    "valid": pl.Int64,
    "quarantined": pl.Int64,
}
"""A row a log date, site and event name; `event_name` is null where it cannot be read."""
TOTALS = (
    pl.col("valid").sum(),
    pl.col("quarantined").sum(),
    (pl.col("valid") + pl.col("quarantined")).sum().alias("events"),
)
"""What rows of VOLUMES come to."""
FAULTS = {
    "log_date": pl.String,
    **dict.fromkeys(KEYS, pl.String),
    "count": pl.Int64,
    "place": pl.String,
    "sample": pl.String,
}
"""A row a log date and fingerprint: how many events, the first one's quarantine_id and its violation's message."""


KNOWN = {**dict.fromkeys(KEYS, pl.String), "count": pl.Int64}
"""A row a fingerprint: how many events several log dates have of it together."""


def together(counted: list[pl.DataFrame]) -> pl.DataFrame:
    """KNOWN of frames that have KEYS and `count`."""
    rows = pl.concat([pl.DataFrame(schema=KNOWN), *(frame.select(*KNOWN) for frame in counted)])
    return rows.group_by(KEYS).agg(pl.col("count").sum())


def volumes(valid: pl.LazyFrame, bad: pl.LazyFrame, log_date: str) -> pl.DataFrame:
    """VOLUMES of one log date. Both frames have `site` and `event_name`."""
    keys = ["site", "event_name"]
    counted = [
        frame.group_by(pl.col(keys).cast(pl.String)).agg(pl.len().cast(pl.Int64).alias(name))
        for frame, name in ((valid, "valid"), (bad, "quarantined"))
    ]
    both = counted[0].join(counted[1], on=keys, how="full", coalesce=True, nulls_equal=True)
    named = both.with_columns(pl.col("valid", "quarantined").fill_null(0), log_date=pl.lit(log_date))
    return named.select(*VOLUMES).sort(keys).collect()


def faults(bad: pl.LazyFrame, log_date: str) -> pl.DataFrame:
    """FAULTS of one log date, of a frame like `quarantined_events`; an item's number is not part of a path."""
    rows = bad.select(pl.len()).collect().item()
    parts = [_faults(bad.slice(at, BATCH_ROWS)) for at in range(0, rows, BATCH_ROWS)]
    if not parts:
        return pl.DataFrame(schema=FAULTS)
    by_fingerprint = pl.concat(parts).group_by(KEYS, maintain_order=True)
    summed = by_fingerprint.agg(pl.col("count").sum(), pl.col("place", "sample").first())
    return summed.with_columns(log_date=pl.lit(log_date)).select(*FAULTS).sort(KEYS)


def _faults(bad: pl.LazyFrame) -> pl.DataFrame:
    violation = pl.col("violations").struct
    listed = (
        bad.select("site", "event_name", "quarantine_id", "violations")
        .with_row_index("row")
        .explode("violations")
    )
    flat = listed.select(
        "row",
        "site",
        "event_name",
        code=violation.field("code"),
        path=violation.field("path").str.replace_all(r"\[\d+\]", "[]"),
        place="quarantine_id",
        sample=violation.field("message"),
    )
    counted = flat.group_by(KEYS, maintain_order=True).agg(
        pl.col("row").n_unique().cast(pl.Int64).alias("count"), pl.col("place", "sample").first()
    )
    return counted.collect()
