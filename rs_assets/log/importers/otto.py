"""OTTO recommender sessions: a line is a session, `{"session": …, "events": [{"aid", "ts", "type"}, …]}`.

Belongs here: how its lines read. A session may last for weeks, so each of its events is a request of its own,
at its own time. A line that is not of exactly this shape (other keys, another order, one odd event) is kept
whole: to pick something out of it would leave the rest behind. `value` is 0, since the set has no prices.
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.importers import ga4
from rs_assets.log.importers.importer import Importer, match

EVENTS = {"clicks": "view_item", "carts": "add_to_cart", "orders": "purchase"}
_ID = "(?:0|[1-9][0-9]{0,17})"
_MILLIS = "(?:0|[1-9][0-9]{0,12})"
_EVENT = rf'\{{"aid": ?{_ID}, ?"ts": ?{_MILLIS}, ?"type": ?"(?:clicks|carts|orders)"\}}'
# The pattern comes before the JSON parser, which fails the whole column for one line that is not JSON.
LINE = rf'^(?<line>\{{"session": ?{_ID}, ?"events": ?\[{_EVENT}(?:, ?{_EVENT})*\]\}})$'
SHAPE = pl.Struct(
    {
        "session": pl.Int64,
        "events": pl.List(pl.Struct({"aid": pl.Int64, "ts": pl.Int64, "type": pl.String})),
    }
)


def read(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines to requests; see `Importer.read`."""
    return (
        match(lines, LINE)
        .select("line_number", pl.col("line").str.json_decode(SHAPE))
        .unnest("line")
        .with_columns(part=pl.int_ranges(pl.col("events").list.len()))
        .explode("events", "part")
        .unnest("events")
        .with_columns(pl.col("session", "aid").cast(pl.String))
        .with_columns(
            event_time=pl.from_epoch(pl.col("ts") * 1000, time_unit="us"),
            event_name=pl.col("type").replace_strict(EVENTS),
            transaction=pl.concat_str("session", "ts", "aid", separator="-"),
        )
    )


OTTO = Importer(
    name="otto",
    site="otto",
    description="OTTO sessions: clicks, carts and orders, one JSON object a session; no prices",
    files=("*.jsonl",),
    read=read,
    body=ga4.body(
        client_id=pl.col("session"),
        name=pl.col("event_name"),
        params={
            "currency": pl.lit('"EUR"'),
            "value": ga4.NOTHING,
            "transaction_id": ga4.only_for("purchase", js.string(pl.col("transaction"))),
            "items": ga4.one_item(item_id=js.string(pl.col("aid")), quantity=ga4.ONE),
        },
    ),
)
