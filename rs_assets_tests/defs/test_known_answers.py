"""Real public logs, of four differently shaped sites: the known answers come out exactly.

They lie years apart; `--shift-to` moves each so that they share a calendar.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets_tests.defs import replays

pytestmark = pytest.mark.skipif(
    not os.environ.get("RS_DATASETS"), reason="RS_DATASETS names no folder of public data sets"
)

SHIFT = "2024-03-04"  # a Monday
LAST = "2024-04-02"  # OTTO's 29 log dates and one on which nobody received anything


@pytest.fixture(scope="module")
def lake(home) -> Lake:
    place: Path = home("known")
    for name in ("taobao", "rees46", "yoochoose", "otto"):
        done = replays.run(place, "import", name, "--shift-to", SHIFT, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["first_log_date"] == SHIFT
    replays.replay(place, SHIFT, LAST, "prod")
    return Lake(str(place / "lake"))


def table(lake: Lake, asset: str, site: str) -> pl.DataFrame:
    return pl.read_parquet(lake.objects(asset, lake.log_dates(asset))).filter(pl.col("site") == site)


def names(events: pl.DataFrame) -> dict[str, int]:
    return dict(events["event_name"].value_counts().iter_rows())


def test_taobao_has_10000_events_in_1701_sessions_158_of_which_bought(lake):
    events = table(lake, "valid_events", "taobao")
    assert names(events) == {"view_item": 9046, "add_to_cart": 536, "add_to_wishlist": 212, "purchase": 206}
    assert table(lake, "quarantined_events", "taobao").is_empty()
    sessions = table(lake, "sessions", "taobao")
    assert (sessions.height, sessions["purchased"].sum()) == (1701, 158)
    assert sessions["events"].sum() == 10_000
    assert events.filter(pl.col("event_name") == "purchase")["client_id"].n_unique() == 74


def test_rees46_keeps_its_duplicates_and_its_cut_line_in_quarantine_and_loses_nothing(lake):
    valid, bad = (table(lake, asset, "rees46") for asset in ("valid_events", "quarantined_events"))
    reasons = dict(bad["reasons"].explode().value_counts().iter_rows())
    assert reasons == {"DUPLICATE": 5, "JSON_MALFORMED": 1}
    assert valid.height + bad.height == 17_435
    before = names(pl.concat([valid.select("event_name"), bad.select("event_name").drop_nulls()]))
    assert before == {"view_item": 17_055, "add_to_cart": 165, "purchase": 214}
    cut = bad.filter(pl.col("reasons").list.contains("JSON_MALFORMED"))
    assert b"mixer,elenberg,25.71,52040330" in cut["raw"].item(), "the view that makes 17,056"
    purchases = valid.filter(pl.col("event_name") == "purchase")
    assert round(purchases["value"].sum(), 2) == 59_442.63
    revenue = table(lake, "sessions", "rees46")["revenue"].sum()
    assert round(revenue, 2) == 59_442.63
    assert valid.filter(pl.col("value") <= 0).height == 19


def test_yoochoose_has_83846_clicks_one_of_them_twice(lake):
    valid, bad = (table(lake, asset, "yoochoose") for asset in ("valid_events", "quarantined_events"))
    assert names(valid) == {"view_item": 83_845}
    assert bad["reasons"].to_list() == [["DUPLICATE"]]
    assert valid["client_id"].n_unique() == 21_210
    assert table(lake, "sessions", "yoochoose").height == 21_786


def test_otto_has_862_events(lake):
    assert names(table(lake, "valid_events", "otto")) == {"view_item": 800, "add_to_cart": 52, "purchase": 10}
    bought = table(lake, "sessions", "otto").filter("purchased")
    assert bought["client_id"].n_unique() == 3


def test_the_four_sites_have_one_structure(lake):
    events = pl.read_parquet(lake.objects("valid_events", [SHIFT]))
    assert set(events["site"].unique()) == {"taobao", "rees46", "yoochoose", "otto"}


def test_a_log_date_without_events_is_there_and_closes_what_was_open(lake):
    assert pl.read_parquet(lake.object("valid_events", LAST)).is_empty()
    assert pl.read_parquet(lake.object("session_events", LAST)).filter("is_open").is_empty()
    events = pl.read_parquet(lake.objects("session_events", lake.log_dates("session_events"))).height
    assert pl.read_parquet(lake.objects("sessions", lake.log_dates("sessions")))["events"].sum() == events


def test_a_day_of_one_site_trains_nothing_and_says_why(lake):
    model = pl.read_parquet(lake.object("purchase_intent_model", SHIFT)).row(0, named=True)
    assert model["model"] is None
    assert model["reason"].startswith("not trained yet, because")
