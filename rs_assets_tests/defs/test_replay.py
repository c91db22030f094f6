"""A replay is a function of the log and the code: twice the same, in one range the same as day by day."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.lake.environments import create
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs import replays

FIRST, LAST = "2024-01-06", "2024-01-08"  # a Saturday to a Monday: the weekly cut lies within
DATES = ["2024-01-06", "2024-01-07", "2024-01-08"]


@pytest.fixture(scope="module")
def replayed(home) -> Path:
    """A home whose log was replayed in one range (prod)."""
    import datetime as dt

    place = home()
    plan = Plan(start=dt.date(2024, 1, 6), days=3, events=24_000, broken=0.05)
    generate(plan, str(place / "raw"), str(place / "truth.csv"))
    replays.replay(place, FIRST, LAST)
    return place


@pytest.fixture(scope="module")
def again(replayed: Path) -> Path:
    """The same home after a second replay, by another executor, into the environment `again`."""
    create(Lake(str(replayed / "lake"), "again"), None)
    replays.replay(replayed, FIRST, LAST, "again", "--executor", "multiprocess")
    return replayed


def test_every_asset_has_an_object_for_every_log_date(replayed):
    from rs_assets.definitions import build_defs

    lake = Lake(str(replayed / "lake"))
    keys = build_defs().resolve_asset_graph().materializable_asset_keys
    assert {key.to_user_string() for key in keys} - {"box_report"} == set(lake.assets())
    for asset in lake.assets():
        assert lake.log_dates(asset) == DATES, asset


def test_nothing_is_lost_between_the_log_and_the_lake(replayed):
    lake = Lake(str(replayed / "lake"))
    truth = pl.read_csv(replayed / "truth.csv")
    count = {
        a: pl.scan_parquet(lake.objects(a, DATES)).select(pl.len()).collect().item() for a in lake.assets()
    }
    quarantined = pl.read_parquet(lake.objects("quarantined_events", DATES))
    assert quarantined.height == truth.height
    assert count["session_events"] == count["valid_events"]
    events = pl.read_parquet(lake.objects("session_events", DATES))
    sessions = pl.read_parquet(lake.objects("sessions", DATES))
    still_open = pl.read_parquet(lake.objects("session_events", DATES[-1:])).filter("is_open")
    assert sessions["events"].sum() + still_open["session_position"].sum() == events.height


def test_the_model_in_force_has_not_seen_the_week_it_predicts(replayed):
    lake = Lake(str(replayed / "lake"))
    training = pl.read_parquet(lake.objects("purchase_intent_training", ["2024-01-08"]))
    assert training["closed_on"].max().isoformat() <= "2024-01-07"
    first_week = pl.read_parquet(lake.objects("purchase_intent_model", ["2024-01-07"]))
    assert first_week["model"].to_list() == [None]
    assert "not trained yet, because" in first_week["reason"].item()
    predictions = pl.read_parquet(lake.objects("purchase_intent_predictions", ["2024-01-08"]))
    model = pl.read_parquet(lake.objects("purchase_intent_model", ["2024-01-08"])).row(0, named=True)
    assert predictions["probability"].null_count() == (0 if model["model"] else predictions.height)
    assert predictions["cut"].unique().to_list() == [model["cut"]]


def test_a_second_replay_by_another_executor_gives_the_same_bytes(again):
    written = replays.lake_bytes(again, "again")
    assert written == replays.lake_bytes(again)
    assert {f"quarantine_report/log_date={log_date}/page.html" for log_date in DATES} <= set(written)


def test_day_by_day_gives_the_same_bytes_as_one_range(replayed):
    create(Lake(str(replayed / "lake"), "daily"), None)
    for log_date in DATES:
        replays.replay(replayed, log_date, log_date, "daily")
    assert replays.lake_bytes(replayed, "daily") == replays.lake_bytes(replayed)


def test_replaying_an_environment_leaves_prods_lake_and_history_alone(again):
    assert (again / "dagster-again").exists(), "its own storage"
    from rs_assets.defs import launch
    from rs_assets.settings import Settings

    settings = Settings.from_env({"RS_HOME": str(again)})
    jobs = [run.job_name for run in launch.instance(settings).get_runs()]
    assert jobs.count("replay_job") == 1


def test_a_range_run_is_one_run_with_one_step_an_asset(replayed):
    from rs_assets.defs import launch
    from rs_assets.settings import Settings

    on = launch.instance(Settings.from_env({"RS_HOME": str(replayed)}))
    (run,) = [run for run in on.get_runs() if run.job_name == "replay_job"]
    assets = Lake(str(replayed / "lake")).assets()
    assert len(run.step_keys_to_execute) == len(assets) - 1, "the split is one step with two"
    import dagster as dg

    keys = on.get_materialized_partitions(dg.AssetKey("purchase_intent_predictions"))
    assert keys == set(DATES)


def test_each_date_of_a_range_has_a_conservation_check_and_numbers_of_its_own(replayed):
    import dagster as dg

    from rs_assets.defs import launch
    from rs_assets.settings import Settings

    on = launch.instance(Settings.from_env({"RS_HOME": str(replayed)}))
    records = on.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("valid_events"), "conservation"), limit=50
    )
    assert {record.event.dagster_event.event_specific_data.partition for record in records} >= set(DATES)
    materialization = on.get_latest_materialization_event(
        dg.AssetKey("quarantined_events")
    ).asset_materialization
    assert "dagster/partition_row_count" in materialization.metadata
    assert "by_reason" in materialization.metadata


def test_each_date_of_a_range_has_its_quarantine_in_tables_and_the_last_one_a_plot(replayed):
    import dagster as dg

    from rs_assets.defs import launch
    from rs_assets.settings import Settings

    on = launch.instance(Settings.from_env({"RS_HOME": str(replayed)}))
    key = dg.AssetKey("quarantine_report")
    found = {}
    for record in on.fetch_materializations(key, limit=10).records:
        found[record.partition_key] = record.asset_materialization.metadata
    lake = Lake(str(replayed / "lake"))
    assert set(found) == set(DATES)
    for log_date, metadata in found.items():
        rows = pl.read_parquet(lake.object("quarantined_events", log_date)).height
        assert metadata["quarantined"].value == rows > 0
        assert Path(metadata["page"].value).read_text().startswith("<!doctype html>")
        for name in ("by_reason", "by_site", "by_event_name"):
            assert metadata[name].value.startswith("| ")
    plot = found[DATES[-1]]["by_log_date"].value
    assert plot.startswith("![") and len(plot) < 100_000
    assert "by_log_date" not in found[DATES[0]]


def test_one_range_day_by_day_one_worker_and_several_have_one_receipt(replayed):
    receipts = {
        environment: json.loads(
            replays.run(replayed, "receipt", "--environment", environment, "--json").stdout
        )
        for environment in ("prod", "again", "daily")
    }
    assert receipts["prod"] == receipts["again"] == receipts["daily"]
    assert sorted(receipts["prod"]["log"]) == DATES and len(receipts["prod"]["outputs"]) == 23
    kept = json.loads((replayed / "receipts" / "prod.json").read_text())
    assert kept == receipts["prod"], "the replay wrote it"
