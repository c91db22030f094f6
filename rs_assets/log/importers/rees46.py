"""REES46 (Open CDP) multi-category shop: CSV with a header, prices in US dollars.

Belongs here: how its lines read. Purchases have no number: a transaction is one session's purchase of one
product in one second. Rows that are equal stay separate requests with equal bodies; finding duplicates is the
split's work. A field with nothing in it is left out. A price goes in as it is written: as a number where JSON
can say it, else as text, which the contract will not take for a price.
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.importers import ga4
from rs_assets.log.importers.importer import Importer, filled, match

EVENTS = {"view": "view_item", "cart": "add_to_cart", "purchase": "purchase"}
HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
LINE = (
    r"^(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-5][0-9] UTC),(?<type>view|cart|purchase)"
    r",(?<product>[^,]*),(?<category>[^,]*),(?<code>[^,]*),(?<brand>[^,]*),(?<price>[^,]*)"
    r",(?<user>[^,]*),(?<session>[^,]*)$"
)
JSON_NUMBER = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?$"


def read(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines to requests; see `Importer.read`."""
    time = pl.col("time").str.to_datetime("%Y-%m-%d %H:%M:%S UTC", time_unit="us", strict=False)
    second = time.dt.epoch("s").cast(pl.String)
    price = pl.col("price")
    is_number = price.str.contains(JSON_NUMBER)
    return match(lines, LINE).with_columns(
        event_time=time,
        event_name=pl.col("type").replace_strict(EVENTS),
        transaction=pl.concat_str(pl.col("session"), pl.col("product"), second, separator="-"),
        price=pl.when(is_number).then(price).otherwise(js.string(filled(price))),
    )


REES46 = Importer(
    name="rees46",
    site="rees46",
    description="REES46 multi-category shop: view, cart and purchase with price, brand and session (CSV)",
    files=("20[0-9][0-9]-*.csv",),
    header=HEADER,
    read=read,
    body=ga4.body(
        client_id=pl.col("user"),
        name=pl.col("event_name"),
        params={
            "session_id": js.string(filled(pl.col("session"))),
            "currency": pl.lit('"USD"'),
            "value": pl.col("price"),
            "transaction_id": ga4.only_for("purchase", js.string(pl.col("transaction"))),
            "items": ga4.one_item(
                item_id=js.string(pl.col("product")),
                item_category=js.string(filled(pl.col("code"))),
                item_category2=js.string(filled(pl.col("category"))),
                item_brand=js.string(filled(pl.col("brand"))),
                price=pl.col("price"),
                quantity=ga4.ONE,
            ),
        },
    ),
)
