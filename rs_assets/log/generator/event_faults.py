"""Damage to events that parse: each kind breaks one rule of the contract and no other.

Belongs here: the table of kinds, as new JSON text for the fields they touch. Does not belong here: which
events they hit (`planting`).
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.generator import vocabulary as v
from rs_assets.log.generator.kinds import Kind

_NONE = pl.lit(None, pl.String)
_PRICED = tuple(e for e in v.WITH_VALUE if e != v.BUY)
"""A purchase must have its currency: without it, it would break two rules."""
_UNKNOWN = (
    "view_itm", "addToCart", "remove_from_basket", "pageview", "PURCHASE",
)  # fmt: skip
_ILL_FORMED = ("Purchase!", "add-to-cart", "view item", "1st_visit", "x" * 41)
_TAKEN = ("session_start", "user_engagement", "first_visit", "ga_purchase", "firebase_login")
_SECONDS_OF_1970_TO_2000 = 946_684_800
_MINUTE = 60 * v.SECOND


def _quoted(name: str) -> dict[str, pl.Expr]:
    return {name: pl.concat_str(pl.lit('"'), pl.col(name), pl.lit('"'))}


def _negative(name: str) -> dict[str, pl.Expr]:
    return {name: pl.lit("-") + pl.col(name)}


def _in_items(pattern: str, by: str) -> dict[str, pl.Expr]:
    """The first match in the items is replaced: one item is at fault, its neighbours are not."""
    return {"items": pl.col("items").str.replace(pattern, by)}


def _more_params(text: str) -> dict[str, pl.Expr]:
    """Further parameters behind one that every event has."""
    return {"engagement_time_msec": pl.col("engagement_time_msec") + pl.lit("," + text)}


_LENGTH = pl.col("engagement_time_msec")
_TWICE = {"engagement_time_msec": _LENGTH + pl.lit(',"engagement_time_msec":') + _LENGTH}


def _kind(reason: str, events: tuple[int, ...], patch: dict[str, pl.Expr]) -> Kind:
    return Kind(reason, events, patch=patch)


_FIRST_ITEM = pl.col("items").str.extract(r"(\{[^{}]*\})", 1)
_FIRST_ID = pl.col("items").str.extract(r'"item_id":("[^"]*")', 1)
_SALT = pl.col("salt")
_PAIRS = pl.lit('[{"key":"page_location","value":') + pl.col("page_location") + pl.lit("}]")

EVENT_KINDS: tuple[Kind, ...] = (
    Kind("CLIENT_ID_MISSING", v.EVERY, "request", {"client_id": _NONE}),
    Kind("CLIENT_ID_MISSING", v.EVERY, "request", {"client_id": pl.lit('""')}),
    *(_kind("EVENT_UNKNOWN", v.EVERY, {"name": pl.lit(f'"{name}"')}) for name in _UNKNOWN),
    *(_kind("NAME_INVALID", v.EVERY, {"name": pl.lit(f'"{name}"')}) for name in _ILL_FORMED),
    *(
        _kind("NAME_INVALID", v.EVERY, _more_params(f'"{name}":1'))
        for name in ("", "page title", "_x", "x" * 41)
    ),
    *(_kind("NAME_RESERVED", v.EVERY, {"name": pl.lit(f'"{name}"')}) for name in _TAKEN),
    *(
        _kind("NAME_RESERVED", v.EVERY, _more_params(f'"{name}":1'))
        for name in ("ga_id", "google_x", "firebase_y")
    ),
    _kind("NAME_DUPLICATED", v.EVERY, _TWICE),
    _kind("NAME_DUPLICATED", v.EVERY, _more_params('"mode":1,"mode":2')),
    _kind("TOO_MANY_PARAMS", v.EVERY, _more_params(",".join(f'"p{n}":{n}' for n in range(26)))),
    _kind("VALUE_TOO_LONG", v.EVERY, {"page_location": pl.lit('"https://shop.example/' + "x" * 1_000 + '"')}),
    _kind("VALUE_TOO_LONG", v.WITH_ITEMS, _in_items('"item_name":"', '"item_name":"' + "é" * 101)),
    _kind("FIELD_MISSING", (v.BUY,), {"transaction_id": _NONE}),
    _kind("FIELD_MISSING", v.WITH_ITEMS, {"items": _NONE}),
    _kind("FIELD_MISSING", (v.SEARCH,), {"search_term": _NONE}),
    _kind("FIELD_MISSING", _PRICED, {"value": _NONE, "currency": _NONE}),
    _kind("TYPE_MISMATCH", v.WITH_VALUE, _quoted("value")),
    _kind("TYPE_MISMATCH", (v.BUY,), {"transaction_id": pl.col("transaction_id").str.extract(r"(\d+)", 1)}),
    _kind("TYPE_MISMATCH", v.EVERY, {"page_location": pl.lit("404")}),
    _kind("TYPE_MISMATCH", v.WITH_ITEMS, _in_items(r'"price":([0-9.]+)', '"price":"${1}"')),
    _kind("TYPE_MISMATCH", v.WITH_ITEMS, _in_items(r'"quantity":\d+', '"quantity":1.5')),
    _kind("TYPE_MISMATCH", v.EVERY, _quoted("engagement_time_msec")),
    # On a page view only: any other event would miss its required parameters as well.
    _kind("TYPE_MISMATCH", (v.PAGE,), {"params": _PAIRS}),
    _kind("TYPE_MISMATCH", v.EVERY, {"own_time": pl.concat_str(pl.lit('"'), "time", pl.lit('"'))}),
    _kind("OUT_OF_RANGE", v.WITH_VALUE, _negative("value")),
    _kind("OUT_OF_RANGE", v.WITH_ITEMS, _in_items(r'"quantity":\d+', '"quantity":0')),
    _kind("OUT_OF_RANGE", v.WITH_ITEMS, _in_items(r'"quantity":(\d+)', '"quantity":-${1}')),
    _kind("OUT_OF_RANGE", v.WITH_ITEMS, _in_items(r'"price":', '"price":-')),
    _kind("OUT_OF_RANGE", v.EVERY, _negative("engagement_time_msec")),
    _kind("ENUM_INVALID", v.WITH_VALUE, {"currency": pl.col("currency").str.to_lowercase()}),
    _kind("ENUM_INVALID", v.WITH_VALUE, {"currency": pl.lit('"Dollars"')}),
    _kind("ENUM_INVALID", v.WITH_VALUE, {"currency": pl.lit('"EURO"')}),
    _kind("VALUE_CURRENCY_PAIR", _PRICED, {"currency": _NONE}),
    _kind("ITEMS_MALFORMED", v.WITH_ITEMS, {"items": _FIRST_ITEM}),
    _kind("ITEMS_MALFORMED", v.WITH_ITEMS, {"items": _FIRST_ID}),
    _kind("ITEMS_MALFORMED", v.WITH_ITEMS, {"items": pl.lit("[") + _FIRST_ID + pl.lit("]")}),
    _kind("ITEMS_MALFORMED", v.WITH_ITEMS, {"items": pl.lit("[]")}),
    _kind(
        "ITEMS_MALFORMED", v.WITH_ITEMS, _in_items(r'"item_id":"[^"]*","item_name":"(?:[^"\\]|\\.)*",', "")
    ),
    _kind("TS_INVALID", v.EVERY, {"own_time": js.number(pl.col("time") // 1_000)}),
    _kind("TS_INVALID", v.EVERY, {"own_time": js.number(pl.col("time") // 1_000_000)}),
    _kind("TS_INVALID", v.EVERY, {"own_time": js.number(-pl.col("time"))}),
    _kind("TS_INVALID", v.EVERY, {"own_time": js.number(_SALT % _SECONDS_OF_1970_TO_2000 * 1_000_000)}),
    _kind(
        "TS_FUTURE",
        v.EVERY,
        {"own_time": js.number(pl.col("received") + 20 * _MINUTE + _SALT * 30 % (v.DAY - 20 * _MINUTE))},
    ),
)
