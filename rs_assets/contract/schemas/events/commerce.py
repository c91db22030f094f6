"""GA4's commerce events and what each requires (source: Google's GA4 event builder)."""

from __future__ import annotations

from rs_assets.contract.schemas.event_type import event_type

COMMERCE = (
    event_type("view_item_list", "items"),
    event_type("select_item", "items"),
    event_type("view_item", "value", "items"),
    event_type("add_to_cart", "value", "items"),
    event_type("remove_from_cart", "value", "items"),
    event_type("add_to_wishlist", "value", "items"),
    event_type("view_cart", "value", "items"),
    event_type("begin_checkout", "value", "items"),
    event_type("add_shipping_info", "value", "items"),
    event_type("add_payment_info", "value", "items"),
    event_type("purchase", "transaction_id", "value", "items"),
    event_type("refund", "transaction_id", "value"),
    event_type("view_promotion", "items"),
    event_type("select_promotion"),
)
