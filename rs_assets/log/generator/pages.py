"""The pages of a generated shop, by number.

Belongs here: addresses and titles, and which numbers stand for what. Does not belong here: who is on which
page (`sessions`).
"""

from __future__ import annotations

from urllib.parse import quote_plus

from rs_assets.log.generator import words

HOME, SALE, BASKET, CHECKOUT, SHIPPING, PAYMENT, THANKS, LOG_IN, SIGN_UP = range(9)
_STATIC = (
    ("/", "Home"),
    ("/sale", "Sale"),
    ("/cart", "Your cart"),
    ("/checkout", "Checkout"),
    ("/checkout/shipping", "Shipping"),
    ("/checkout/payment", "Payment"),
    ("/checkout/thanks", "Thank you"),
    ("/login", "Log in"),
    ("/sign-up", "Sign up"),
)
CATEGORIES = len(_STATIC)
"""Number of the first category's page; the others follow."""
ITEMS = CATEGORIES + len(words.CATEGORIES)
"""Number of the first item's page; the others follow, and after them the results of searches."""

TERMS = tuple(term for category in words.CATEGORIES for term in category.terms)
TERMS_EACH = len(words.CATEGORIES[0].terms)
"""Search terms of one category."""


def pages(item_ids: list[str], item_names: list[str]) -> list[tuple[str, str]]:
    """Path and title of each page of a shop with these items, by number."""
    return [
        *_STATIC,
        *((f"/c/{category.path}", category.name) for category in words.CATEGORIES),
        *((f"/p/{item_id}", name) for item_id, name in zip(item_ids, item_names, strict=True)),
        *((f"/search?q={quote_plus(term)}", f"Results for {term}") for term in TERMS),
    ]
