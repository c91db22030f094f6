"""session_features, taken as it is in dbt, must not change when what came later is taken away."""

from __future__ import annotations

import random

import polars as pl
import pytest

from rs_assets.features import find_leaks

FIRST, LAST = "2024-01-01", "2024-01-02"


@pytest.fixture
def shop(valid_events) -> pl.DataFrame:
    """Two days of four clients: several sessions each, some over midnight."""
    draw = random.Random(5)
    names = [
        "page_view",
        "view_item",
        "search",
        "add_to_cart",
        "remove_from_cart",
        "begin_checkout",
        "purchase",
    ]
    rows = []
    for client in ("c1", "c2", "c3", "c4"):
        minute = draw.randrange(600)
        for _ in range(60):
            minute += draw.choice([1, 2, 5, 29, 30, 90])
            if minute < 2 * 24 * 60:
                at = f"2024-01-{1 + minute // 1440:02d} {minute % 1440 // 60:02d}:{minute % 60:02d}:00"
                value = round(draw.uniform(1, 90), 2)
                item = draw.choice("abcde")
                row = {"at": at, "client": client, "name": draw.choice(names), "item": item}
                rows.append({**row, "value": value, "price": value})
    return valid_events(rows)


@pytest.fixture
def features(run_model):
    """The two models from valid_events to session_features, as one function."""

    def compute(events: pl.DataFrame) -> pl.DataFrame:
        found = run_model("session_events", {"valid_events": events}, FIRST, LAST)
        return run_model("session_features", {"session_events": found}, FIRST, LAST)

    return compute


def test_no_feature_of_session_features_sees_the_future(features, shop):
    assert features(shop).height > 20
    assert find_leaks(features, shop, order="received_at", max_instants=6) == []


def test_a_planted_leak_is_caught_by_name(features, shop):
    def leaky(events: pl.DataFrame) -> pl.DataFrame:
        found = features(events)
        # How long a session will have been in the end, as if it were known at its third event.
        last = found.group_by("session_id").agg(pl.col("seconds_since_start").max().alias("length"))
        return found.join(last, on="session_id")

    leaks = find_leaks(leaky, shop, order="received_at", max_instants=6)
    assert {leak.feature for leak in leaks} == {"length"}
    assert "length" in str(leaks[0])
