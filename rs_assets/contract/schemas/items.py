"""The item's schema: one row an item of an event's `items`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import frame_check, integer, number, text
from rs_assets.contract.schemas.event import MONEY

TEXTS = (
    *("item_id", "item_name", "item_category", "item_category2", "item_category3", "item_category4"),
    *("item_category5", "item_brand", "item_variant", "affiliation", "coupon", "location_id"),
    *("item_list_id", "item_list_name", "creative_name", "creative_slot", "promotion_id", "promotion_name"),
)

ITEM = pa.DataFrameSchema(
    {
        **{name: text(name) for name in TEXTS},
        "price": number("price", **MONEY),
        "quantity": integer("quantity", at_least=1, at_most=1e6),
        "discount": number("discount", **MONEY),
        "tax": number("tax", **MONEY),
        "index": integer("index", at_least=0, at_most=1e6),
        "currency": text("currency"),
    },
    checks=[
        frame_check(
            Code.ITEMS_MALFORMED,
            pl.col("item_id").is_not_null() | pl.col("item_name").is_not_null(),
            "an item with item_id or item_name",
            "names no item: neither item_id nor item_name",
            "",
            presence=True,
        )
    ],
    name="item",
)
