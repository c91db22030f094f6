"""GA4 bodies by columns: one client, one event, its time.

Belongs here: the outline of the bodies that the importers write. Does not belong here: which event a line
is and what its parameters are, which is each importer's; whether a body is right, which is the contract's.
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js

ONE = pl.lit("1")
NOTHING = pl.lit("0")
"""The value of an event in a set without prices. GA4's event builder requires one."""


def body(
    *, client_id: pl.Expr, name: pl.Expr, params: dict[str, pl.Expr], user_id: pl.Expr | None = None
) -> pl.Expr:
    """A body of one event that happened at the frame's `event_time`.

    Args:
        client_id: String.
        name: the event's name, String.
        params: JSON text by parameter; the null ones are left out.
        user_id: String; no body has one unless given.
    """
    event = js.obj(
        {
            "name": js.string(name),
            "timestamp_micros": js.number(pl.col("event_time").dt.epoch("us")),
            "params": js.obj(params),
        }
    )
    user = {} if user_id is None else {"user_id": js.string(user_id)}
    return js.obj({"client_id": js.string(client_id), **user, "events": js.array(event)})


def one_item(**fields: pl.Expr) -> pl.Expr:
    """`items` of a single item, its fields JSON text."""
    return js.array(js.obj(fields))


def only_for(event: str, value: pl.Expr) -> pl.Expr:
    """`value` where the frame's `event_name` is `event`, elsewhere null."""
    return pl.when(pl.col("event_name") == event).then(value)
