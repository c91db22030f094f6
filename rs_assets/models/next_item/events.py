"""What next_item learns from and is asked about: items that sessions met, one row each.

Belongs here: the input table, and the one function from `session_events` to it. Does not belong here: which log
dates take part (`cuts`), or how sessions are numbered for computing (`sessions`).
"""

from __future__ import annotations

import polars as pl

from rs_assets.errors import UserError

STEP = "view_item"
"""The event that is a step of a session, and the next of which is predicted: a look at a product's page.

`select_item` names the item of the view that follows it, and `add_to_cart` that of the view before: as steps they
would be foreseen by anybody, and flatter every model.
"""

ADDED, REMOVED, BOUGHT = "add_to_cart", "remove_from_cart", "purchase"
"""The events that change what is in the cart."""

ITEM_EVENTS: dict[str, pl.DataType] = {
    "site": pl.String(),
    "session_id": pl.String(),
    "position": pl.Int64(),
    "item_id": pl.String(),
    "event_name": pl.String(),
    "event_time": pl.Datetime("us"),
    "price": pl.Float64(),
}
"""The input table. `session_id` and `position` together are unique, and position orders a session; it need not be
without gaps. `price` is in the site's currency, null where it is not known."""

LOOKED_AT = (
    *("site", "session_id", "session_position"),
    *("event_name", "event_time", "item_ids", "price_viewed"),
)
"""The columns of `session_events` that the input table is made of."""

ORDER = ("site", "session_id", "position")


def item_events(session_events: pl.DataFrame) -> pl.DataFrame:
    """The input table from rows of `session_events`: views with their first item, cart events with each of theirs.

    Args:
        session_events: with LOOKED_AT; of whole sessions, or of sessions so far.

    Returns:
        ITEM_EVENTS, in ORDER; `position` counts a session's rows here, from 1. Events without an item are left out.

    Raises:
        polars.exceptions.ColumnNotFoundError: a column is missing.
    """
    is_step = pl.col("event_name") == STEP
    # A view's further items are what its page also shows; its price is the first one's.
    items = pl.when(is_step).then(pl.col("item_ids").list.head(1)).otherwise("item_ids")
    return (
        session_events.filter(pl.col("event_name").is_in((STEP, ADDED, REMOVED, BOUGHT)))
        .sort("site", "session_id", "session_position")
        .select(
            *("site", "session_id", "event_name"),
            pl.col("event_time").cast(ITEM_EVENTS["event_time"]),
            item_id=items,
            price=pl.when(is_step).then("price_viewed").cast(pl.Float64),
        )
        .explode("item_id", empty_as_null=True, keep_nulls=True)
        .drop_nulls("item_id")
        .with_columns(position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("site", "session_id"))
        .select(*ITEM_EVENTS)
    )


def one_site(events: pl.DataFrame) -> pl.DataFrame:
    """The events, as they are.

    Raises:
        UserError: they are of several sites, whose items would mix.
    """
    if events["site"].n_unique() > 1:
        sites = ", ".join(events["site"].unique().sort())
        raise UserError(
            f"A recommender is of one site, and these events are of {sites}.",
            "Use `train` and the model that it makes: it has one recommender a site.",
        )
    return events


def steps(events: pl.DataFrame) -> pl.DataFrame:
    """The rows that are steps, in the order in which they come."""
    return events.filter(pl.col("event_name") == STEP)


def carts(events: pl.DataFrame) -> pl.DataFrame:
    """What is in each session's cart at its end: `site`, `session_id`, `item_id`, in that order.

    An item is in the cart when its last change was to be added, and nothing was bought since.
    """
    changes = events.filter(pl.col("event_name").is_in((ADDED, REMOVED)))
    last = changes.sort(ORDER).unique(["site", "session_id", "item_id"], keep="last", maintain_order=True)
    bought = events.filter(pl.col("event_name") == BOUGHT)
    bought = bought.group_by("site", "session_id").agg(bought_at=pl.col("position").max())
    since = pl.col("bought_at").is_null() | (pl.col("position") > pl.col("bought_at"))
    return (
        last.join(bought, on=["site", "session_id"], how="left")
        .filter((pl.col("event_name") == ADDED) & since)
        .select("site", "session_id", "item_id")
        .sort("site", "session_id", "item_id")
    )


def prices(events: pl.DataFrame) -> pl.DataFrame:
    """What each item was seen for: `site`, `item_id`, `price` (its median), for items with a price above 0."""
    seen = events.filter(pl.col("price") > 0)
    return seen.group_by("site", "item_id").agg(pl.col("price").median()).sort("site", "item_id")
