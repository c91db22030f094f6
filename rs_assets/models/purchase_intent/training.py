"""What purchase_intent learns from: snapshots of sessions, each with what came after it.

Belongs here: the model's inputs, the label, and the one join that brings them together. Does not belong
here: which log dates take part (`cuts`), how they are split (`split`), or how a model is fitted (`model`).
"""

from __future__ import annotations

import polars as pl

FEATURES = (
    "seconds_since_start",
    "seconds_since_previous",
    "page_views",
    "product_views",
    "distinct_items",
    "searches",
    "add_to_carts",
    "remove_from_carts",
    "checkouts",
    "transactions",
    "cart_value",
    "max_price_viewed",
    "mean_price_viewed",
    "hour_of_day",
    "day_of_week",
)
"""The numeric columns of `session_features`: what was known of the session when the snapshot was taken."""

NUMERIC = ("position", *FEATURES)
"""`position` is an input too: three product views mean another thing after 3 events than after 10."""

RECENT = "recent_events"
"""The names of the session's last events, the latest last, apart by spaces."""

INPUTS = ("site", RECENT, *NUMERIC)
"""All that a model sees of a row, in the order in which it sees it."""

POSITIONS = (3, 5, 10)
"""Where snapshots are learned from. Those of sessions that were open at midnight are asked about only: they are of
long sessions more than of short ones."""

ORDER = ("log_date", "session_id", "position")
"""The total order of snapshots: nothing that is computed depends on the order in which rows arrive."""


def training_set(features: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """One row a snapshot of a closed session, with the label `will_buy`: a purchase came *after* it.

    A purchase at or before the snapshot's position does not count, for the model is asked what is still to
    come. Snapshots of sessions that are still open have no label yet and are left out.

    Args:
        features: rows of `session_features`; `session_id` and `position` together are unique.
        labels: rows of `session_labels`, one a session: `log_date`, `session_id`, `site`, `client_id`, `device`,
            `started_at`, `last_purchase_position`.

    Returns:
        `log_date` (Date, when the snapshot's last event was received), `session_id`, `site` (Utf8),
        `position` (Int64), `as_of` (Datetime), `closed_on` (Date, the log date on which the session closed,
        which is when the label was first known), `device` (Utf8, `unknown` where no user agent told it), `visitor`
        (Utf8, `returning` where the labels have an earlier session of the client, else `new`), `recent_events`
        (Utf8), FEATURES (Float64), `will_buy` (Boolean), in ORDER.

    Raises:
        polars.exceptions.ComputeError: a session has more than one label.
        polars.exceptions.ColumnNotFoundError: a column is missing.
    """
    started, first = pl.col("started_at"), pl.col("started_at").min().over("site", "client_id")
    known = labels.select(
        "session_id",
        "last_purchase_position",
        closed_on="log_date",
        device=pl.col("device").fill_null("unknown"),
        visitor=pl.when(started > first).then(pl.lit("returning")).otherwise(pl.lit("new")),
    )
    bought_later = pl.col("last_purchase_position") > pl.col("position")
    return (
        at_positions(features)
        .join(known, on="session_id", how="inner", validate="m:1")
        .select(
            "log_date",
            "session_id",
            "site",
            pl.col("position").cast(pl.Int64),
            "as_of",
            "closed_on",
            "device",
            "visitor",
            RECENT,
            *(pl.col(feature).cast(pl.Float64) for feature in FEATURES),
            will_buy=bought_later.fill_null(False),
        )
        .sort(ORDER)
    )


def at_positions(features: pl.DataFrame) -> pl.DataFrame:
    """The snapshots that are taken after so many events, without those of what was open at midnight."""
    return features.filter(pl.col("position").is_in(POSITIONS))
