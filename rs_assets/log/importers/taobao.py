"""Taobao user behaviour (Alibaba Tianchi, data set 649): `user,item,category,behaviour,epoch`, no header.

Belongs here: how its lines read. The set has no prices, so `value` is 0, which is what is known of it, and
`currency` the shop's; revenue from this set means nothing. Buys have no number either: a transaction is one
user's buy of one item in one second.

A second before 1970 (the full set has some) is no time that can be read, and its line is kept as text.
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.importers import ga4
from rs_assets.log.importers.importer import Importer, epoch, match

EVENTS = {"pv": "view_item", "cart": "add_to_cart", "fav": "add_to_wishlist", "buy": "purchase"}
LINE = (
    r"^(?<user>[^,]*),(?<item>[^,]*),(?<category>[^,]*),(?<behaviour>pv|cart|fav|buy),(?<second>[0-9]{1,10})$"
)


def read(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines to requests; see `Importer.read`."""
    return match(lines, LINE).with_columns(
        event_time=epoch(pl.col("second")),
        event_name=pl.col("behaviour").replace_strict(EVENTS),
        transaction=pl.concat_str("user", "item", "second", separator="-"),
    )


TAOBAO = Importer(
    name="taobao",
    site="taobao",
    description="Taobao user behaviour: user,item,category,pv|cart|fav|buy,epoch seconds; no prices",
    files=("UserBehavior*.csv",),
    read=read,
    body=ga4.body(
        client_id=pl.col("user"),
        name=pl.col("event_name"),
        params={
            "currency": pl.lit('"CNY"'),
            "value": ga4.NOTHING,
            "transaction_id": ga4.only_for("purchase", js.string(pl.col("transaction"))),
            "items": ga4.one_item(
                item_id=js.string(pl.col("item")),
                item_category=js.string(pl.col("category")),
                quantity=ga4.ONE,
            ),
        },
    ),
)
