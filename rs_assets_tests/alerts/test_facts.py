"""Reading facts from a published lake: counts that add up, and only what is needed."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from rs_assets.alerts import load_rules, publish_alerts
from rs_assets.alerts.counts import faults
from rs_assets.alerts.facts import Reader
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.generator import Plan, generate
from rs_assets.log.writer import LogWriter
from rs_assets_tests.lakes import put_split, through

RULES = load_rules()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> tuple[Lake, RawLog]:
    """Twelve log dates of two shops; on the last, shop-a has a fault of its own, nine times."""
    path: Path = tmp_path_factory.mktemp("facts")
    plan = Plan(
        days=12,
        events=36_000,
        sites=("shop-a", "shop-b"),
        broken=0.02,
        faults=("TS_INVALID", "EVENT_UNKNOWN"),
    )
    generate(plan, str(path / "raw"), str(path / "truth.csv"))
    bad = {"client_id": "c1.2", "events": [{"name": "page_view", "params": {"items": "none"}}]}
    head = {"received_at": "2024-01-12T10:00:00.000000Z", "site": "shop-a", "request_id": "r", "body": bad}
    LogWriter(str(path / "raw")).write("shop-a", "2024-01-12", json.dumps(head).encode() + b"\n")
    for n in range(9):
        body = {"client_id": f"c{n}.2", "events": [{"name": "page_view", "params": {"page_location": n}}]}
        line = json.dumps(head | {"body": body}).encode() + b"\n"
        LogWriter(str(path / "raw")).write("shop-a", "2024-01-12", line)
    lake, log = Lake(str(path / "lake")), RawLog(str(path / "raw"))
    put_split(lake, log, log.log_dates())
    return lake, log


def test_volumes_add_up_to_the_tables(place):
    lake, log = place
    facts = Reader(lake, log, 7, 5, ["2024-01-10"]).read("2024-01-10")
    for asset, column in (("valid_events", "valid"), ("quarantined_events", "quarantined")):
        rows = pl.read_parquet(lake.objects(asset, [*facts.before, "2024-01-10"])).height
        assert facts.volumes[column].sum() == rows
    assert len(facts.before) == 7 and facts.segments == len(log.segments("2024-01-10"))


def test_only_what_is_new_fires_and_at_the_right_place(place):
    lake, log = place
    done = through(lake, lambda stage: publish_alerts(stage, log, RULES, ["2024-01-12"]))
    found = done.evaluations["2024-01-12"].alerts
    (alert,) = [a for a in found if "page_location" in a.fingerprint]
    assert alert.fingerprint == "new_fingerprint/shop-a/page_view/TYPE_MISMATCH/params.page_location"
    assert alert.count == 9
    bad = pl.read_parquet(lake.object("quarantined_events", "2024-01-12"))
    (first,) = bad.filter(pl.col("quarantine_id") == alert.place)["violations"].to_list()
    assert first[0]["path"] == "params.page_location"


def alerts(lake: Lake, log: RawLog, dates: list[str]) -> dict[str, bytes]:
    """The bytes of `alerts` for these log dates, published in one step."""
    through(lake, lambda stage: publish_alerts(stage, log, RULES, dates))
    return {date: Path(lake.object("alerts", date)).read_bytes() for date in dates}


def test_a_range_gives_the_bytes_of_its_log_dates_one_by_one(place):
    lake, log = place
    dates = log.log_dates()
    together = alerts(lake, log, dates)
    apart = [alerts(lake, log, [date]) for date in dates]
    assert together == {date: digest for each in apart for date, digest in each.items()}


def test_what_the_log_dates_after_it_hold_changes_nothing(place, tmp_path):
    lake, log = place
    dates = log.log_dates()
    shorter = Lake(str(tmp_path))
    put_split(shorter, log, dates[:10])
    assert alerts(shorter, log, dates[9:10]) == alerts(lake, log, dates[9:10])


def test_an_event_with_two_violations_at_one_place_counts_once_and_items_have_no_number():
    violations = [
        {"code": "A", "path": "params.items[0].price", "message": "m", "expected": "", "observed": None},
        {"code": "A", "path": "params.items[11].price", "message": "n", "expected": "", "observed": None},
        {"code": "B", "path": "", "message": "o", "expected": "", "observed": None},
    ]
    bad = pl.DataFrame(
        {"site": ["s"], "event_name": ["e"], "quarantine_id": ["s/1"], "violations": [violations]}
    )
    found = faults(bad.lazy(), "2024-01-01").select("code", "path", "count", "sample").rows()
    assert found == [("A", "params.items[].price", 1, "m"), ("B", "", 1, "o")]


def test_batches_come_to_the_same_counts_as_the_whole(place, monkeypatch):
    lake, _ = place
    bad = pl.scan_parquet(lake.object("quarantined_events", "2024-01-05"))
    whole = faults(bad, "2024-01-05")
    monkeypatch.setattr("rs_assets.alerts.counts.BATCH_ROWS", 7)
    assert faults(bad, "2024-01-05").equals(whole)
