"""Requests: events into bodies, bodies into envelopes, and the damage that is done to fields on the way.

Belongs here: the order of fields and members. Does not belong here: what fields hold (`fields`), and the
bytes of lines (`lines`).
"""

from __future__ import annotations

from functools import cache

import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.generator import draws
from rs_assets.log.generator.faults import KINDS
from rs_assets.log.generator.fields import OF_REQUEST, PARAMS, fields
from rs_assets.log.generator.site import Site

PATH = "/mp/collect"
_EVENT = js.obj(
    {
        "name": pl.col("name"),
        "timestamp_micros": pl.col("own_time"),
        "params": pl.coalesce("params", js.obj({name: pl.col(name) for name in PARAMS})),
    }
)
_BODY = js.obj(
    {
        "client_id": pl.col("client_id"),
        "user_id": pl.col("user_id"),
        "timestamp_micros": pl.col("body_time"),
        "events": js.array(pl.col("json")),
    }
)


def requests(seed: int, site: Site, day: int, events: pl.DataFrame) -> pl.DataFrame:
    """The requests of some whole lines, as `envelope.lines` takes them, with `kind` and `salt`.

    Args:
        seed: of the plan.
        site: that received them.
        day: of the plan.
        events: of `planting.plant`, all events of each line, in the order of lines.
    """
    table = fields(seed, site, events).with_row_index("row")
    sound = table.filter(pl.col("kind").is_null())
    broken = table.filter(pl.col("kind").is_not_null()).with_columns(_patches())
    written = [part.select("row", *OF_REQUEST, json=_EVENT) for part in (sound, broken)]
    by_event = pl.concat(written).sort("row")
    if site.shape.batch > 1:
        rest = pl.col(OF_REQUEST[1:]).first()
        by_event = by_event.group_by("line", maintain_order=True).agg(pl.col("json").str.join(","), rest)
    first, count = int(events["line"][0]), len(by_event)
    return by_event.with_columns(body=_BODY, path=pl.lit(PATH), site=pl.lit(site.name)).select(
        *("site", "path", "ip", "user_agent", "kind", "salt"),
        pl.col("received").cast(pl.Datetime("us")).alias("received_at"),
        draws.request_ids(seed, site.number, day, first, count).alias("request_id"),
        *_payload(),
    )


@cache
def _patches() -> list[pl.Expr]:
    """Each column that some kind of damage touches, damaged where that kind is planted."""
    columns = sorted({column for kind in KINDS for column in kind.patch})
    return [
        pl.coalesce(
            *(
                pl.when(pl.col("kind") == number).then(pl.coalesce(kind.patch[column], pl.lit(_LEFT_OUT)))
                for number, kind in enumerate(KINDS)
                if column in kind.patch
            ),
            column,
        )
        .replace(_LEFT_OUT, None)
        .alias(column)
        for column in columns
    ]


_LEFT_OUT = "\0"
"""Stands for a field that damage leaves out, until the undamaged ones have been merged in."""


@cache
def _payload() -> list[pl.Expr]:
    """`body`, or in its place `body_text` where what was sent is not JSON."""
    texts = {number: kind.text for number, kind in enumerate(KINDS) if kind.text is not None}
    kind = pl.col("kind")
    garbled = (text(pl.when(kind == number).then("body")) for number, text in texts.items())
    return [
        pl.when(kind.is_null() | ~kind.is_in(list(texts))).then("body").alias("body"),
        pl.coalesce(*garbled).alias("body_text"),
    ]
