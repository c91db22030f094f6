"""How sites differ in what they send.

Belongs here: `Shape`, the habits of one site's tagging, and the three of them that a plan's sites take in
turn. Does not belong here: what a shopper does, which is alike everywhere (`behaviour`).

The differences are those met in real logs: who batches, where the time stands, whether a session's id is a
string, which optional parameters are there. A contract that holds for one shape only fails on the others.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """The habits of one site.

    Args:
        share: relative size of the site.
        batch: most events in one request.
        body_time: whether `timestamp_micros` stands at the body; otherwise at each event.
        number_session: whether `session_id` is a JSON integer; otherwise a JSON string.
        list_names: whether `item_list_name` and `item_list_id` are sent.
        optional: whether `item_variant`, `coupon`, `shipping`, `tax` and `page_title` are sent.
        currency: ISO 4217.
        items: size of the catalogue.
        item_id: how an item's number becomes its id.
        hours_east: how far the site's day is ahead of UTC.
    """

    share: float
    batch: int
    body_time: bool
    number_session: bool
    list_names: bool
    optional: bool
    currency: str
    items: int
    item_id: str
    hours_east: int


SHAPES = (
    Shape(5, 1, True, False, False, False, "EUR", 900, "A{:05d}", 1),
    Shape(3, 4, False, False, True, False, "USD", 600, "sku_{:04d}", -5),
    Shape(2, 1, False, True, True, True, "GBP", 350, "10{:04d}", 0),
)


def shape_of(site: int) -> Shape:
    """The shape of a plan's site, by its place in the plan."""
    return SHAPES[site % len(SHAPES)]
