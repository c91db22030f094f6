"""The item's schema: one row an item of an event's `items`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import frame_check, integer, number, text, within
from rs_assets.contract.schemas.event import MONEY_MAX

ITEM = pa.DataFrameSchema(
    {
        "item_id": text("item_id"),
        "item_name": text("item_name"),
        "item_category": text("item_category"),
        "item_category2": text("item_category2"),
        "item_brand": text("item_brand"),
        "item_variant": text("item_variant"),
        "price": number("price", at_least=0, at_most=MONEY_MAX),
        "quantity": integer("quantity", within(1, 1e6)),
        "discount": number("discount", at_least=0, at_most=MONEY_MAX),
        "index": integer("index", within(0, 1e6)),
        "coupon": text("coupon"),
        "item_list_id": text("item_list_id"),
        "item_list_name": text("item_list_name"),
    },
    checks=[
        frame_check(
            Code.ITEMS_MALFORMED,
            pl.col("item_id").is_not_null() | pl.col("item_name").is_not_null(),
            "an item with item_id or item_name",
            "names no item: neither item_id nor item_name",
            "",
        )
    ],
    name="item",
)
