"""A shop made up for the tests of models: snapshots of sessions whose buying can be half foreseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from rs_assets.models.purchase_intent import Trained, train, training_set

CUT = dt.date(2024, 1, 29)
Frames = tuple[pl.DataFrame, pl.DataFrame]


def make_frames(sessions: int = 1500, days: int = 28, seed: int = 7, signal: float = 1.0) -> Frames:
    """`session_features` and `session_labels` of sessions spread evenly over the days before CUT.

    What a session puts in its cart foretells its purchase, the more so the greater `signal`. One session in
    ten goes on past midnight, so it has snapshots on two log dates and closes on the later one.
    """
    draws, steps = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    features, labels = [], []
    for n in range(sessions):
        session_id = f"s{n:05d}"
        site = ("shop-a", "shop-b", "shop-c")[n % 3]
        first = CUT - dt.timedelta(days=days - n * days // sessions)
        overnight = draws.random() < 0.1 and first < CUT - dt.timedelta(days=1)
        keen = draws.normal()
        length = int(draws.integers(3, 25))
        buys = draws.random() < 1 / (1 + np.exp(2.6 - 2 * signal * keen))
        bought_at = int(draws.integers(2, length + 1)) if buys else None
        # Those who will buy look at one thing after another; the others go back and forth.
        weight = (0.2, 0.6, 0.2) if keen > 0.5 else (0.5, 0.3, 0.2)
        names = steps.choice(["page_view", "view_item", "search"], 10, p=weight).tolist()
        for position in (k for k in (3, 5, 10) if k <= length):
            later = dt.timedelta(days=1 if overnight and position > 3 else 0)
            views = int(draws.binomial(position, 0.6))
            carts = int(draws.poisson(np.exp(0.8 * keen - 1 + position / 20)))
            prices = draws.gamma(2.0, 20.0, max(views, 1))
            features.append(
                {
                    "log_date": first + later,
                    "session_id": session_id,
                    "site": site,
                    "position": position,
                    "is_open": False,
                    "recent_events": " ".join(names[max(0, position - 5) : position]),
                    "as_of": dt.datetime.combine(first + later, dt.time(0 if later else 22, position)),
                    "seconds_since_start": float(draws.gamma(2.0, 30.0 * position)),
                    "seconds_since_previous": float(draws.gamma(1.0, 30.0)),
                    "page_views": position - views,
                    "product_views": views,
                    "distinct_items": int(draws.binomial(views, 0.8)),
                    "searches": int(draws.binomial(position, 0.1)),
                    "add_to_carts": carts,
                    "remove_from_carts": int(draws.binomial(carts, 0.2)),
                    "checkouts": int(bought_at is not None and position >= bought_at),
                    "transactions": int(bought_at is not None and position >= bought_at),
                    "cart_value": float(carts * draws.gamma(2.0, 20.0)),
                    "max_price_viewed": float(prices.max()) if views else None,
                    "mean_price_viewed": float(prices.mean()) if views else None,
                    "hour_of_day": 0 if later else 22,
                    "day_of_week": (first + later).isoweekday(),
                }
            )
        closed_on = first + dt.timedelta(days=1 if overnight else 0)
        client, device = f"c{n % 1200}", (None, "mobile", "desktop")[n % 3]
        started = dt.datetime.combine(first, dt.time(22))
        labels.append(
            (closed_on, session_id, site, client, device, started, bought_at is not None, bought_at)
        )
    schema = {
        "log_date": pl.Date,
        "session_id": pl.String,
        "site": pl.String,
        "client_id": pl.String,
        "device": pl.String,
        "started_at": pl.Datetime,
        "purchased": pl.Boolean,
        "last_purchase_position": pl.Int64,
    }
    return pl.DataFrame(features, infer_schema_length=None), pl.DataFrame(labels, schema=schema, orient="row")


@pytest.fixture(scope="session")
def shop() -> Callable[..., Frames]:
    """The maker itself, for tests that need a shop of their own."""
    return make_frames


@pytest.fixture(scope="session")
def cut() -> dt.date:
    """The cut that all rows of the shop lie before."""
    return CUT


@pytest.fixture(scope="session")
def frames() -> Frames:
    """`session_features` and `session_labels` of four weeks."""
    return make_frames()


@pytest.fixture(scope="session")
def rows(frames: Frames) -> pl.DataFrame:
    """The training set of those four weeks."""
    return training_set(*frames)


@pytest.fixture(scope="session")
def curved(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows, where those with an ordinary gap do not buy and both extremes do: trees can learn it."""
    draws = np.random.default_rng(8)
    gap = draws.normal(0, 1, rows.height)
    bought = draws.random(rows.height) < np.where(np.abs(gap) > 1.3, 0.6, 0.02)
    return rows.with_columns(seconds_since_previous=pl.Series(gap), will_buy=pl.Series(bought))


@pytest.fixture(scope="session")
def trained(rows: pl.DataFrame) -> Trained:
    """The model of them, made once for all tests that only look at it."""
    model = train(rows, cut=CUT)
    assert isinstance(model, Trained)
    return model
