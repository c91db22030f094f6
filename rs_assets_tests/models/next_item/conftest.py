"""Two shops made up for the tests of next_item, whose sessions can be half foreseen."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from rs_assets.models.next_item import ITEM_EVENTS, NextItem, train

CUT = dt.date(2024, 1, 29)
FIRST = dt.datetime(2024, 1, 1)
CATEGORIES, EACH = 12, 15


def make_events(site: str = "shop-a", sessions: int = 900, days: int = 28, seed: int = 5) -> pl.DataFrame:
    """ITEM_EVENTS of one site: sessions that mostly walk on from an item to the next of its category.

    Items are called alike at every site, but walks lead elsewhere (by the seed). One look in five is followed by the
    item being put into the cart, and one session in eight of those with a cart buys.
    """
    draws = np.random.default_rng(seed)
    price = np.exp(draws.normal(3, 1, CATEGORIES)).repeat(EACH) * np.exp(
        draws.normal(0, 0.2, CATEGORIES * EACH)
    )
    favourites = draws.permutation(CATEGORIES * EACH)
    rows = []
    for n in range(sessions):
        time = FIRST + dt.timedelta(days=days) * (n / sessions) + dt.timedelta(minutes=float(draws.random()))
        item = int(favourites[min(int(draws.exponential(30)), favourites.size - 1)])
        session_id, position, in_cart = f"{site}/{n:05d}", 0, []
        for _ in range(int(draws.geometric(0.28)) + 1):
            position += 1
            name = f"item-{item:03d}"
            rows.append((site, session_id, position, name, "view_item", time, round(float(price[item]), 2)))
            if draws.random() < 0.2:
                position += 1
                in_cart.append(name)
                rows.append((site, session_id, position, name, "add_to_cart", time, None))
            time += dt.timedelta(seconds=float(draws.exponential(60)))
            category, at = divmod(item, EACH)
            turn = draws.random()
            if turn < 0.55:
                item = category * EACH + (at + 1 + seed % 3) % EACH
            elif turn < 0.8:
                item = category * EACH + int(draws.integers(EACH))
            elif turn < 0.9:
                item = int(favourites[min(int(draws.exponential(30)), favourites.size - 1)])
        if in_cart and draws.random() < 0.125:
            for name in in_cart:
                position += 1
                rows.append((site, session_id, position, name, "purchase", time, None))
    return pl.DataFrame(rows, schema=ITEM_EVENTS, orient="row")


@pytest.fixture(scope="session")
def events() -> pl.DataFrame:
    """Both shops."""
    return pl.concat([make_events("shop-a"), make_events("shop-b", sessions=700, seed=6)])


@pytest.fixture(scope="session")
def shop(events) -> pl.DataFrame:
    """One of them."""
    return events.filter(pl.col("site") == "shop-a")


@pytest.fixture(scope="session")
def later() -> pl.DataFrame:
    """The week after, at both shops; other sessions of the same kind."""
    week = pl.concat([make_events("shop-a", 1150, 35), make_events("shop-b", 900, 35, seed=6)])
    ended = pl.col("event_time").max().over("session_id")
    fresh = week.filter(ended >= pl.lit(FIRST + dt.timedelta(days=28)))
    return fresh.with_columns(pl.col("session_id") + "-later")


@pytest.fixture(scope="session")
def model(events) -> NextItem:
    """The model of both shops."""
    return train(events, cut=CUT)
