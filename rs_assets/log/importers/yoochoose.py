"""YOOCHOOSE clicks (RecSys Challenge 2015) as the session-rec benchmark prepares them: two tabbed files.

Belongs here: how their lines read. All is clicks by session: the session stands for the client too, and
`value` is 0, since the set has no prices. Train comes first, then test: that order is the benchmark's.
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.importers import ga4
from rs_assets.log.importers.importer import Importer, epoch, match

LINE = r"^(?<session>[^\t]*)\t(?<item>[^\t]*)\t(?<second>[0-9]{1,10})(?:\.(?<fraction>[0-9]{1,6}))?$"


def read(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines to requests; see `Importer.read`."""
    return match(lines, LINE).with_columns(event_time=epoch(pl.col("second"), pl.col("fraction")))


YOOCHOOSE = Importer(
    name="yoochoose",
    site="yoochoose",
    description="YOOCHOOSE clicks, the session-rec split: SessionId, ItemId, Time by tabs, train and test",
    files=("*_train_full.txt", "*_test.txt"),
    header="SessionId\tItemId\tTime",
    read=read,
    body=ga4.body(
        client_id=pl.col("session"),
        name=pl.lit("view_item"),
        params={
            "session_id": js.string(pl.col("session")),
            "currency": pl.lit('"EUR"'),
            "value": ga4.NOTHING,
            "items": ga4.one_item(item_id=js.string(pl.col("item")), quantity=ga4.ONE),
        },
    ),
)
