"""Segment's HTTP tracking API: /v1/batch, and /v1/track, /v1/page, /v1/screen.

Belongs here: its ecommerce specification's names in GA4's. Does not belong here: rules on them, which are the
contract's. `identify`, `group` and `alias` are no events and stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from rs_assets.collector.dialects.piece import Piece, iso_micros, swells, there

EVENTS = {
    "Products Searched": "search",
    "Product List Viewed": "view_item_list",
    "Product Clicked": "select_item",
    "Product Viewed": "view_item",
    "Product Added": "add_to_cart",
    "Product Removed": "remove_from_cart",
    "Cart Viewed": "view_cart",
    "Checkout Started": "begin_checkout",
    "Payment Info Entered": "add_payment_info",
    "Order Completed": "purchase",
    "Order Refunded": "refund",
    "Promotion Viewed": "view_promotion",
    "Promotion Clicked": "select_promotion",
    "Product Added to Wishlist": "add_to_wishlist",
    "Signed Up": "sign_up",
    "Signed In": "login",
}
PARAMS = {
    "order_id": "transaction_id",
    "query": "search_term",
    "list_id": "item_list_id",
    "list": "item_list_name",
    "payment_method": "payment_type",
    "shipping_method": "shipping_tier",
    **{name: name for name in ("value", "currency", "tax", "shipping", "coupon", "affiliation")},
    **{name: name for name in ("promotion_id", "promotion_name", "method")},
}
ITEM = {
    "product_id": "item_id",
    "name": "item_name",
    "brand": "item_brand",
    "category": "item_category",
    "variant": "item_variant",
    "position": "index",
    **{name: name for name in ("price", "quantity", "coupon", "discount")},
}
MONEY = ("total", "revenue")
NO_NAME = re.compile(r"[^a-z0-9]+")
OF_THE_CALL = {"/v1/track": "track", "/v1/page": "page", "/v1/screen": "screen"}


def pieces(path: str, body: bytes) -> list[Piece]:
    """A piece a message; each has a client of its own."""
    try:
        said = orjson.loads(body)
        if path == "/v1/batch":
            shared = {name: value for name, value in said.items() if name not in ("batch", "writeKey")}
            if swells(len(said["batch"]), len(orjson.dumps(shared))):
                return [Piece(body, None)]
            sent: list[Any] = [{**shared, **one} for one in said["batch"]]
        else:
            shared = {name: value for name, value in said.items() if name != "writeKey"}
            sent = [{"type": OF_THE_CALL.get(path), **shared}]
        texts = [orjson.dumps(one) for one in sent]
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, KeyError, TypeError, AttributeError):
        return [Piece(body, None)]
    found = [Piece(text, _body(one)) for text, one in zip(texts, sent, strict=True)]
    return found or [Piece(body, None)]


def write_key(body: bytes) -> str | None:
    """The write key that a body names, where no header does."""
    try:
        said = orjson.loads(body)
        found = said.get("writeKey") if isinstance(said, dict) else None
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, str) else None


def _body(sent: Mapping[str, Any]) -> dict[str, Any] | None:
    properties = sent.get("properties") or {}
    kind, context = sent.get("type"), sent.get("context") or {}
    if not isinstance(properties, dict) or not isinstance(context, dict):
        return None
    page = context.get("page") or {}
    page = page if isinstance(page, dict) else {}
    params = there(
        page_location=page.get("url"), page_title=page.get("title"), page_referrer=page.get("referrer")
    )
    if kind == "page":
        name = "page_view"
        own = (("page_location", "url"), ("page_title", "title"), ("page_referrer", "referrer"))
        params |= there(**{ours: properties.get(theirs) for ours, theirs in own})
    elif kind == "screen":
        name = "screen_view"
        params |= there(screen_name=sent.get("name"))
    elif kind == "track" and isinstance(sent.get("event"), str):
        name = EVENTS.get(sent["event"]) or NO_NAME.sub("_", sent["event"].lower()).strip("_")
        params |= _params(name, properties)
    else:
        return None
    return {
        **there(
            client_id=sent.get("anonymousId") or sent.get("userId"),
            user_id=sent.get("userId"),
            timestamp_micros=iso_micros(sent.get("timestamp")),
        ),
        "events": [{"name": name, "params": params}],
    }


def _params(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    known = {ours: properties[theirs] for theirs, ours in PARAMS.items() if theirs in properties}
    if "value" not in known:
        known |= there(value=next((properties[one] for one in MONEY if one in properties), None))
    products = properties.get("products")
    if products is None and "product_id" in properties:
        products = [properties]
        known.pop("coupon", None)
        price = properties.get("price")
        if "value" not in known and "currency" in known and isinstance(price, int | float):
            quantity = properties.get("quantity", 1)
            known["value"] = price * (quantity if isinstance(quantity, int | float) else 1)
    if isinstance(products, list):
        known["items"] = [_item(one) if isinstance(one, dict) else one for one in products]
    elif products is not None:
        known["items"] = products
    rest = {
        key: value
        for key, value in properties.items()
        if name not in EVENTS.values() and key not in PARAMS and key != "products"
    }
    return {**rest, **known}


def _item(product: Mapping[str, Any]) -> dict[str, Any]:
    item = {ours: product[theirs] for theirs, ours in ITEM.items() if theirs in product}
    if "item_id" not in item and "sku" in product:
        item["item_id"] = product["sku"]
    return item
