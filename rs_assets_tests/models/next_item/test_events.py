"""From `session_events` to what next_item learns from."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rs_assets.errors import UserError
from rs_assets.models.next_item.events import ITEM_EVENTS, carts, item_events, one_site, prices

NOON = dt.datetime(2024, 1, 1, 12)
COLUMNS = {
    "site": pl.String,
    "session_id": pl.String,
    "session_position": pl.Int64,
    "event_name": pl.String,
    "event_time": pl.Datetime("us"),
    "item_ids": pl.List(pl.String),
    "price_viewed": pl.Float64,
}


def session_events(*rows: tuple[str, str, int, str, list[str | None] | None, float | None]) -> pl.DataFrame:
    timed = [(*row[:4], NOON + dt.timedelta(minutes=row[2]), *row[4:]) for row in rows]
    return pl.DataFrame(timed, schema=COLUMNS, orient="row")


def of(*changes: tuple[str, str]) -> pl.DataFrame:
    """ITEM_EVENTS of one session: event names and items."""
    rows = [("s", "1", i + 1, item, name, NOON, None) for i, (name, item) in enumerate(changes)]
    return pl.DataFrame(rows, schema=ITEM_EVENTS, orient="row")


def test_views_count_with_their_first_item_and_cart_events_with_each_of_theirs():
    found = item_events(
        session_events(
            ("s", "1", 1, "page_view", [], None),
            ("s", "1", 2, "view_item", ["a", "shown beside"], 9.5),
            ("s", "1", 3, "select_item", ["b"], None),
            ("s", "1", 4, "purchase", ["a", "c"], None),
        )
    )
    assert found.schema == pl.Schema(ITEM_EVENTS)
    assert found.select("position", "item_id", "event_name", "price").rows() == [
        (1, "a", "view_item", 9.5),
        (2, "a", "purchase", None),
        (3, "c", "purchase", None),
    ]


def test_events_without_an_item_are_left_out_and_nothing_else_is():
    found = item_events(
        session_events(
            ("s", "1", 1, "view_item", None, None),
            ("s", "1", 2, "view_item", [], None),
            ("s", "1", 3, "view_item", [None], None),
            ("s", "1", 4, "view_item", ["a"], None),
        )
    )
    assert found.select("position", "item_id").rows() == [(1, "a")]


def test_the_order_of_rows_does_not_matter():
    events = session_events(
        *(
            (site, session, n, "view_item", [f"{n}"], 1.0)
            for site in "st"
            for session in "12"
            for n in (1, 2, 3)
        )
    )
    shuffled = events.sample(fraction=1.0, shuffle=True, seed=3)
    assert_frame_equal(item_events(shuffled), item_events(events))


def test_a_cart_holds_what_was_added_and_not_removed_since():
    held = carts(
        of(("add_to_cart", "a"), ("add_to_cart", "b"), ("remove_from_cart", "a"), ("view_item", "c"))
    )
    assert held.rows() == [("s", "1", "b")]
    assert carts(of(("add_to_cart", "a"), ("remove_from_cart", "a"), ("add_to_cart", "a"))).height == 1


def test_a_purchase_empties_the_cart_and_what_is_added_later_is_in_it():
    assert carts(of(("add_to_cart", "a"), ("purchase", "a"))).is_empty()
    assert carts(of(("add_to_cart", "a"), ("purchase", "a"), ("add_to_cart", "b")))["item_id"].to_list() == [
        "b"
    ]


def test_an_items_price_is_the_median_of_those_above_nothing():
    rows = [
        ("s", "1", i, "a", "view_item", NOON, price) for i, price in enumerate([1.0, 3.0, 100.0, 0.0, None])
    ]
    rows.append(("s", "1", 9, "b", "view_item", NOON, None))
    assert prices(pl.DataFrame(rows, schema=ITEM_EVENTS, orient="row")).rows() == [("s", "a", 3.0)]


def test_events_of_two_sites_are_refused_where_there_is_one_recommender(events):
    with pytest.raises(UserError, match="shop-a, shop-b"):
        one_site(events)
