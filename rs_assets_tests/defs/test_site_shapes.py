"""site_shapes through the graph: the check warns of a site that has changed what it sends, and stops nothing."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import zstandard

from rs_assets.defs import launch
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.generator import Plan, generate
from rs_assets.settings import Settings
from rs_assets_tests.defs import replays

DATES = ["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06"]
CHANGED = DATES[2:]
ONLY = [arg for name in ("valid_events", "quarantined_events", "site_shapes") for arg in ("--only", name)]
TITLE = re.compile(rb'"page_title":"(?:[^"\\]|\\.)*",')


@pytest.fixture(scope="module")
def place(home) -> Path:
    """Four log dates of three shops, as they are generated, and replayed."""
    place: Path = home("shapes")
    plan = Plan(start=dt.date(2024, 1, 3), days=4, events=16_000, broken=0.05)
    generate(plan, str(place / "raw"), str(place / "truth.csv"))
    replays.replay(place, DATES[0], DATES[-1], "prod", *ONLY)
    return place


def drop_titles(place: Path) -> None:
    """Shop-c sends no page_title on the log dates that are CHANGED."""
    log = RawLog(str(place / "raw"))
    for segment in (segment for date in CHANGED for segment in log.segments(date)):
        if segment.site == "shop-c":
            text = zstandard.ZstdDecompressor().decompressobj().decompress(Path(segment.path).read_bytes())
            Path(segment.path).write_bytes(zstandard.ZstdCompressor().compress(TITLE.sub(b"", text)))


def results(place: Path) -> dict[str | None, dg.AssetCheckEvaluation]:
    """The newest result of each log date, and of the run (None)."""
    on = launch.instance(Settings.from_env({"RS_HOME": str(place)}))
    key = dg.AssetCheckKey(dg.AssetKey("site_shapes"), "drift")
    records = on.event_log_storage.get_asset_check_execution_history(key, limit=50)
    found = [record.event.dagster_event.event_specific_data for record in reversed(records)]
    return {check.partition: check for check in found}


def test_a_generated_log_has_no_drift(place):
    found = results(place)
    assert {date: check.passed for date, check in found.items()} == dict.fromkeys([*DATES, None], True)
    assert [found[date].metadata["log_dates_before"].value for date in DATES] == [0, 1, 2, 3]


def test_the_table_can_be_queried_by_hand(place):
    sql = "select sum(sent) as sent, sum(as_number) as numbers from site_shapes where path = 'params.session_id'"
    done = replays.run(place, "query", f"{sql} and site = 'shop-c'", "--format", "csv")
    assert done.returncode == 0, done.stderr
    shapes = pl.read_parquet(Lake(str(place / "lake")).objects("site_shapes", DATES))
    of_shop_c = shapes.filter(pl.col("site") == "shop-c", pl.col("path") == "params.session_id")
    assert of_shop_c["as_number"].sum() > 0 == of_shop_c["as_string"].sum()
    assert done.stdout.splitlines()[1] == f"{of_shop_c['sent'].sum()},{of_shop_c['as_number'].sum()}"


def test_a_site_that_drops_a_parameter_is_named_and_nothing_is_stopped(place):
    drop_titles(place)
    replays.replay(place, CHANGED[0], CHANGED[-1], "prod", *ONLY)
    found = results(place)
    passed = {date: check.passed for date, check in found.items()}
    assert passed == {**dict.fromkeys(DATES[:2], True), **dict.fromkeys(CHANGED, False), None: False}
    assert {check.severity for check in found.values()} == {dg.AssetCheckSeverity.WARN}
    for date in CHANGED:
        [drift] = [record.data for record in found[date].metadata["drifts"].records]
        assert (drift["site"], drift["parameter"], drift["since"]) == (
            "shop-c",
            "params.page_title",
            CHANGED[0],
        )
        assert drift["was"].startswith("sent in 100 % of ") and drift["now"].startswith("sent in 0 % of ")
        assert "from site_shapes where path = 'params.page_title'" in drift["look_closer"]
    assert Lake(str(place / "lake")).log_dates("site_shapes") == DATES
