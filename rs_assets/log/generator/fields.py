"""The fields of each event as JSON text, a column a field.

Belongs here: what each parameter holds, on which event and at which site. Does not belong here: putting
fields together (`requests`) or spoiling them (`event_faults`).

A null field is not sent. Whatever can be, is looked up in a table of JSON text instead of being written
anew: that is what makes a million events take seconds.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.generator import draws, words
from rs_assets.log.generator import vocabulary as v
from rs_assets.log.generator.site import Site

PARAMS = (
    "session_id", "engagement_time_msec", "page_location", "page_title", "page_referrer", "search_term",
    "method", "item_list_id", "item_list_name", "currency", "value", "transaction_id", "coupon", "shipping",
    "tax", "payment_type", "shipping_tier", "items",
)  # fmt: skip
"""In the order in which they are sent."""
OF_REQUEST = ("line", "received", "client_id", "user_id", "body_time", "ip", "user_agent", "kind", "salt")
"""Columns that belong to the request: of a batch, the first event's count."""

_NAMES = pl.Series([f'"{name}"' for name in v.NAMES])
_COUNTS = 10
_ENDS = [
    pl.Series([f'{index}"quantity":{n}}}' for index in ("", f'"index":{k + 1},') for n in range(_COUNTS)])
    for k in range(v.SLOTS)
]
"""How an item's text ends, by slot: with each quantity, and with each quantity in a list."""
_IPS = pl.Series([f"198.{18 + n // 256}.{n % 256}.0" for n in range(512)])
_AGENTS = pl.Series([words.USER_AGENTS[k] for k in (0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5)])
_CENTS = pl.Series([f".{n:02d}".rstrip("0").rstrip(".") for n in range(100)])
_SHIPPING = 495


def fields(seed: int, site: Site, events: pl.DataFrame) -> pl.DataFrame:
    """The events' fields: `name`, `own_time`, `params` (null), and a column for each of the lists above.

    Args:
        seed: of the plan.
        site: where they happened.
        events: of `planting.plant`.
    """
    shape, goods = site.shape, site.catalog
    client = events["client"].to_numpy()
    people = draws.mix(client + (np.int64(site.number) << 40) + (np.int64(seed & 0xFFFF) << 24))
    e = pl.col("event")
    of_list, bought = e.is_in([v.LIST, v.SELECT]), e == v.BUY
    has_value, has_items = e.is_in(v.WITH_VALUE), e.is_in(v.WITH_ITEMS)
    optional, time = pl.lit(shape.optional), js.number(pl.col("time"))
    term, category, started = pl.col("term"), pl.col("category"), js.number(pl.col("started"))
    checkout = e.is_in([v.BEGIN, v.SHIP, v.PAY, v.BUY])
    number, account = (_scattered(pl.col("client"), odd, seed) for odd in (506_952_113, 381_682_871))
    return events.with_columns(
        people=pl.Series((people % np.uint64(2**31)).view(np.int64)),
        first_seen=pl.Series(site.clients.first_seen[client]),
    ).select(
        *("line", "received", "time", "event", "kind", "salt"),
        client_id=pl.concat_str(pl.lit('"'), number + 1_000_000_000, pl.lit("."), "first_seen", pl.lit('"')),
        user_id=_when("signed_in", pl.concat_str(pl.lit('"u-'), account, pl.lit('"'))),
        body_time=_when(pl.lit(shape.body_time), time),
        own_time=_when(pl.lit(not shape.body_time), time),
        ip=_look_up(_IPS, pl.col("people") % len(_IPS)),
        user_agent=_look_up(_AGENTS, pl.col("people") // 512 % len(_AGENTS)),
        name=_look_up(_NAMES, e),
        params=pl.lit(None, pl.String),
        session_id=started if shape.number_session else pl.concat_str(pl.lit('"'), started, pl.lit('"')),
        engagement_time_msec=js.number(pl.col("engagement")),
        page_location=_look_up(goods.pages, pl.col("page")),
        page_title=_when(optional, _look_up(goods.titles, pl.col("page"))),
        page_referrer=_when(
            pl.col("first") & (e == v.PAGE) & (pl.col("people") % 3 > 0),
            _text_of(words.REFERRERS, pl.col("started")),
        ),
        search_term=_when(e == v.SEARCH, _look_up(goods.terms, term)),
        method=_when(e.is_in([v.LOGIN, v.SIGN_UP]), _text_of(words.METHODS, pl.col("people") // 7)),
        item_list_id=_when(of_list & shape.list_names, pl.concat_str(pl.lit('"c'), category, pl.lit('"'))),
        item_list_name=_when(of_list & shape.list_names, _look_up(goods.lists, category)),
        currency=_when(has_value, pl.lit(f'"{shape.currency}"')),
        value=_when(has_value, _money(pl.col("cents"))),
        transaction_id=_when(bought, pl.concat_str(pl.lit('"T'), "order", pl.lit('"'))),
        coupon=_when(checkout & optional & pl.col("discounted"), _text_of(words.COUPONS, pl.col("started"))),
        shipping=_when(bought & optional, _money(pl.lit(_SHIPPING))),
        tax=_when(bought & optional, _money(pl.col("cents") // 6)),
        payment_type=_when(e == v.PAY, _text_of(words.PAYMENTS, pl.col("people") // 11)),
        shipping_tier=_when(e == v.SHIP, _text_of(words.TIERS, pl.col("people") // 13)),
        items=_when(has_items, js.array(*(_item(goods.items, k) for k in range(v.SLOTS)))),
    )  # fmt: skip


def _item(open_items: pl.Series, slot: int) -> pl.Expr:
    item, count = pl.col(f"item{slot}"), pl.col(f"count{slot}").cast(pl.Int32)
    end = _look_up(_ENDS[slot], count + (pl.col("event") == v.LIST) * _COUNTS)
    return _look_up(open_items, pl.when(item >= 0).then(item)) + end


def _scattered(number: pl.Expr, odd: int, seed: int) -> pl.Expr:
    """Numbers below 2^30 that look random, no two alike: an odd factor permutes them."""
    return (number * odd + seed % (1 << 20) * 104_729) % (1 << 30)


def _money(cents: pl.Expr) -> pl.Expr:
    """Cents as a browser writes the amount: 12 and not 12.0."""
    return js.number(cents // 100) + _look_up(_CENTS, cents % 100)


def _when(condition: pl.Expr | str, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value)


def _look_up(table: pl.Series, number: pl.Expr) -> pl.Expr:
    return pl.lit(table).gather(number.cast(pl.UInt32))


def _text_of(texts: tuple[str, ...], number: pl.Expr) -> pl.Expr:
    return _look_up(pl.Series([f'"{text}"' for text in texts]), number % len(texts))
