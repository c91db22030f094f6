"""What gtag.js sends to /g/collect: one event in the query, or several as lines of the body.

Belongs here: its parameters' names in GA4's. Does not belong here: rules on them, which are the contract's.

`ep.` and `epn.` lead parameters of an event (text, number), `up.` and `upn.` properties of the user, `pr1`, `pr2` …
items, whose fields are apart by `~`, each begun by two letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from rs_assets.collector.dialects.piece import Piece, number, swells

PARAMS = {
    "dl": "page_location",
    "dr": "page_referrer",
    "dt": "page_title",
    "ul": "language",
    "sr": "screen_resolution",
    "sid": "session_id",
    "cu": "currency",
    "_et": "engagement_time_msec",
}
NUMBERS = {"engagement_time_msec"}
ITEM = {
    "id": "item_id",
    "nm": "item_name",
    "br": "item_brand",
    "ca": "item_category",
    **{f"c{k}": f"item_category{k}" for k in range(2, 6)},
    "va": "item_variant",
    "pr": "price",
    "qt": "quantity",
    "cp": "coupon",
    "ds": "discount",
    "ln": "item_list_name",
    "li": "item_list_id",
    "lp": "index",
    "af": "affiliation",
    "lo": "location_id",
    "pi": "promotion_id",
    "pn": "promotion_name",
    "cn": "creative_name",
    "cs": "creative_slot",
}
ITEM_NUMBERS = {"price", "quantity", "discount", "index"}
PRODUCT = re.compile(r"pr([1-9][0-9]{0,2})")


def pieces(query: bytes, body: bytes) -> list[Piece]:
    """One piece: events of a request share their client."""
    sent = query + b"\n" + body if body else query
    try:
        shared = _pairs(query.decode())
        lines = [line for line in body.decode().replace("\r\n", "\n").split("\n") if line.strip()]
        if swells(len(lines), len(query)):
            return [Piece(sent, None)]
        events = [_pairs(line) for line in lines] or [{}]
    except (UnicodeDecodeError, ValueError):
        return [Piece(sent, None)]
    found = [_event({**shared, **own}) for own in events]
    if not all(event["name"] for event in found):
        return [Piece(sent, None)]
    ga4: dict[str, Any] = {"client_id": shared.get("cid")}
    if "uid" in shared:
        ga4["user_id"] = shared["uid"]
    properties = _properties([shared, *events])
    if properties:
        ga4["user_properties"] = properties
    return [Piece(sent, {**ga4, "events": found})]


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1_000))


def _event(sent: Mapping[str, str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for key, name in PARAMS.items():
        if key in sent:
            params[name] = number(sent[key]) if name in NUMBERS else sent[key]
    items: dict[int, dict[str, Any]] = {}
    for key, value in sent.items():
        if key.startswith("ep."):
            params[key[3:]] = value
        elif key.startswith("epn."):
            params[key[4:]] = number(value)
        elif match := PRODUCT.fullmatch(key):
            items[int(match[1])] = _item(value)
    if items:
        params["items"] = [items[k] for k in sorted(items)]
    return {"name": sent.get("en", ""), "params": params}


def _item(text: str) -> dict[str, Any]:
    item: dict[str, Any] = {}
    free: dict[str, str] = {}
    for field in text.split("~"):
        key, value = field[:2], field[2:]
        if key in ITEM:
            item[ITEM[key]] = number(value) if ITEM[key] in ITEM_NUMBERS else value
        elif key[:1] == "k":
            free[key[1:]] = value
        elif key[:1] == "v" and key[1:] in free:
            item.setdefault(free[key[1:]], value)
    return item


def _properties(sent: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pairs in sent:
        for key, value in pairs.items():
            if key.startswith("up."):
                found[key[3:]] = {"value": value}
            elif key.startswith("upn."):
                found[key[4:]] = {"value": number(value)}
    return found
