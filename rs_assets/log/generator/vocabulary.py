"""The events a generated session is made of, by number, and the groups the rest of the package asks for.

Belongs here: the GA4 names, their numbers, and which of them carry items, a value or a cart. Does not belong
here: how likely one follows another (`behaviour`) or what their parameters hold (`fields`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NAMES = (
    "page_view",
    "view_item_list",
    "search",
    "select_item",
    "view_item",
    "add_to_cart",
    "remove_from_cart",
    "view_cart",
    "add_to_wishlist",
    "begin_checkout",
    "add_shipping_info",
    "add_payment_info",
    "purchase",
    "sign_up",
    "login",
)
PAGE, LIST, SEARCH, SELECT, VIEW, ADD, REMOVE, CART, WISH, BEGIN, SHIP, PAY, BUY, SIGN_UP, LOGIN = range(15)
END = 15
"""Not an event: the session stops here. As a row of the weights it stands for a session's beginning."""

EVERY = tuple(range(len(NAMES)))
WITH_CART = (CART, BEGIN, SHIP, PAY, BUY)
"""Their items are what is in the cart."""
WITH_VALUE = (VIEW, ADD, REMOVE, WISH, *WITH_CART)
"""They must carry value, currency and items."""
WITH_ITEMS = (LIST, SELECT, *WITH_VALUE)
"""They must carry items."""

SECOND = 1_000_000
DAY = 86_400 * SECOND
"""In microseconds, the unit of every time in this package unless it says otherwise."""

SLOTS = 6
"""Most items one event names."""
CART_SLOTS = 4
"""Most different items in a cart."""


def member(events: tuple[int, ...]) -> Bools:
    """A table to look an event's number up in: is it one of `events`?"""
    table = np.zeros(END + 1, dtype=np.bool_)
    table[list(events)] = True
    return table
