"""A change of the code or the log, from the edit to the publication, on a copy of the code."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs.conftest import ROOT
from rs_assets_tests.lakes import published

DATES = ["2024-01-06", "2024-01-07", "2024-01-08", "2024-01-09"]


@pytest.fixture(scope="module")
def place(home) -> Path:
    """A home with a raw log, and beside it a copy of the code that a test may change."""
    import datetime as dt

    made: Path = home()
    plan = Plan(start=dt.date(2024, 1, 6), days=len(DATES), events=8_000, broken=0.02)
    generate(plan, str(made / "raw"), str(made / "truth.csv"))
    for name in ("rs_assets", "dbt", "deploy"):
        shutil.copytree(ROOT / name, made / "code" / name)
    return made


def command(place: Path, *args: str) -> tuple[list[str], dict[str, str]]:
    env = {**os.environ, "RS_HOME": str(place), "PYTHONPATH": str(place / "code")}
    return [sys.executable, "-m", "rs_assets.cli", *args], env


def run(place: Path, *args: str) -> str:
    call, env = command(place, *args)
    done = subprocess.run(call, capture_output=True, text=True, env=env, cwd=place / "code")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout if "--json" in args else done.stderr + done.stdout


def edit(place: Path, model: str, old: str, new: str) -> None:
    (path,) = (place / "code" / "dbt" / "models").rglob(f"{model}.sql")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def receipt(place: Path, environment: str = "prod") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(place, "receipt", "--environment", environment, "--json"))
    return found


def status(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(place, "status", "--json"))
    return found


def test_nothing_runs_when_nothing_has_changed(place):
    run(place, "replay")
    before = receipt(place)
    stale = status(place)["stale"]
    assert (stale["groups"], stale["unread"], stale["unknown"]) == ([], [], None)
    assert stale["graph"] == sorted(before["outputs"])
    assert "Nothing is stale" in run(place, "replay", "--stale")
    assert receipt(place) == before
    assert "All is as the receipt says" in run(place, "receipt", "check")


def test_an_environment_is_there_though_nothing_had_to_be_replayed_into_it(place):
    assert "Nothing is stale" in run(place, "replay", "--stale", "--environment", "same")
    assert "same" in run(place, "environment", "list")
    run(place, "environment", "drop", "same")


def test_a_changed_feature_rebuilds_only_its_model_and_what_descends_from_it(place):
    before = receipt(place)["outputs"]
    edit(place, "session_features", "hour(event_time) as", "(hour(event_time) + 1) % 24 as")
    told = status(place)
    certain = [group for group in told["stale"]["groups"] if group["certain"]]
    assert [(one["asset"], one["why"], one["log_dates"]) for one in certain] == [
        ("session_features", "its code has changed", DATES)
    ]
    assert told["next"] == "rs-assets replay --stale"
    page = " ".join(run(place, "status").split())  # as wide as whoever runs the tests has his terminal
    assert "session_features (4 log dates, 2024-01-06 to 2024-01-09): its code has changed" in page
    assert "and 7 assets after that" in page
    said = run(place, "replay", "--stale", "--environment", "dev-anna")
    stale = {
        line.partition(":")[0] for line in said.splitlines() if " log date" in line and line.count(": ") >= 2
    }
    assert stale == {
        "session_features",
        "purchase_intent_training",
        "purchase_intent_model",
        "purchase_intent_evaluation",
        "purchase_intent_drift",
        "purchase_intent_promotion",
        "purchase_intent_predictions",
        "model_card",
    }
    dev = Lake(str(place / "lake"), "dev-anna")
    assert set(dev.own_assets()) <= stale
    after = receipt(place, "dev-anna")["outputs"]
    assert {asset for asset in after if after[asset] != before[asset]} <= stale
    assert stale == {group["asset"] for group in told["stale"]["groups"]}
    assert after["session_features"] != before["session_features"]
    assert receipt(place)["outputs"] == before, "prod is as it was"


def test_publishing_the_change_switches_prod_and_undoing_it_switches_back(place):
    prod, dev = Lake(str(place / "lake")), Lake(str(place / "lake"), "dev-anna")
    before = published(prod)
    done = json.loads(run(place, "publish", "dev-anna", "--json"))
    assert done["stale"] == {} and {asset for asset, _, _ in done["objects"]} == set(dev.own_assets())
    assert {**before, **published(dev)} == published(prod) != before
    import dagster as dg

    from rs_assets.defs import launch
    from rs_assets.settings import Settings

    on = launch.instance(Settings.from_env({"RS_HOME": str(place)}))
    last = on.get_latest_materialization_event(dg.AssetKey("session_features"))
    assert last.asset_materialization.description == "published from dev-anna"
    run(place, "environment", "undo", "prod")
    assert published(prod) == before
    run(place, "environment", "undo", "prod")
    assert "Nothing is stale" in run(place, "replay", "--stale")


def test_a_remark_in_sql_rebuilds_one_model_and_nothing_after_it(place):
    edit(place, "session_features", "from {{ ref", "-- a remark\nfrom {{ ref")
    before = receipt(place)["outputs"]
    jobs = runs_of(place)
    run(place, "replay", "--stale")
    assert receipt(place)["outputs"] == before
    (new,) = set(runs_of(place)) - set(jobs)
    assert "purchase_intent_model" in runs_of(place)[new], "it may have changed, so it was asked"
    assert models_trained(place, new) == [], "and kept what it had"


def runs_of(place: Path) -> dict[str, list[str]]:
    from rs_assets.defs import launch
    from rs_assets.settings import Settings

    on = launch.instance(Settings.from_env({"RS_HOME": str(place)}))
    return {
        run.run_id: list(run.step_keys_to_execute or ())
        for run in on.get_runs()
        if run.job_name == "replay_job"
    }


def models_trained(place: Path, run_id: str) -> list[str]:
    """What the model's step said it was doing, a line a training."""
    from rs_assets.defs import launch
    from rs_assets.settings import Settings

    on = launch.instance(Settings.from_env({"RS_HOME": str(place)}))
    said = [e.user_message for e in on.all_logs(run_id) if e.step_key == "purchase_intent_model"]
    return [line for line in said if line.startswith("purchase_intent_model: 2024")]


def test_a_request_that_came_late_into_the_log_rebuilds_what_was_made_of_its_log_date(place):
    from rs_assets.log.writer import LogWriter

    before = receipt(place)["outputs"]
    LogWriter(str(place / "raw")).write("shop-a", DATES[1], b'{"body_text": "x"}\n')
    named = {group["asset"]: group for group in status(place)["stale"]["groups"]}
    assert named["valid_events"]["why"] == f"raw_events of {DATES[0]} to {DATES[1]} has changed"
    assert named["valid_events"]["log_dates"] == DATES[1:3]
    said = run(place, "replay", "--stale")
    assert (
        f"valid_events: 2 log dates, {DATES[1]} to {DATES[2]}: raw_events of {DATES[0]} to {DATES[1]} has changed"
        in said
    )
    after = receipt(place)["outputs"]
    assert after["quarantined_events"][DATES[1]] != before["quarantined_events"][DATES[1]]
    assert after["valid_events"] == before["valid_events"]
    assert after["session_events"] == before["session_events"]


def test_a_replay_that_is_killed_again_and_again_comes_to_the_receipt_of_one_that_was_not(place):
    whole = receipt(place)
    shutil.rmtree(place / "lake")
    chance, kills = random.Random(7), 0
    resume: tuple[str, ...] = ()
    while True:
        call, env = command(place, "replay", *resume, "--executor", "multiprocess")
        step = subprocess.Popen(
            call,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=place / "code",
        )
        patience = chance.uniform(8, 20) if kills < 4 else 600
        try:
            step.wait(patience)
            break
        except subprocess.TimeoutExpired:
            os.killpg(step.pid, signal.SIGKILL)
            step.wait()
            kills += 1
            resume = ("--resume",)
            readable(Lake(str(place / "lake")))
    assert step.returncode == 0, step.stdout.read()
    assert kills > 0
    assert receipt(place) == whole


def readable(lake: Lake) -> None:
    """Every asset that is published has all log dates, and every object is whole."""
    from rs_assets.lake.objects import sound

    for asset in lake.assets():
        assert lake.log_dates(asset) == DATES
        for log_date in DATES:
            folder = lake.folder(asset, log_date)
            assert folder is not None and sound(folder)
            pl.read_parquet(lake.object(asset, log_date))


def test_there_is_nothing_to_resume_after_a_whole_replay(place):
    call, env = command(place, "replay", "--resume")
    done = subprocess.run(call, capture_output=True, text=True, env=env, cwd=place / "code")
    assert done.returncode == 1 and "No replay of the environment prod was interrupted" in done.stderr
