"""When the daily run starts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from rs_assets.definitions import build_defs
from rs_assets.errors import UserError
from rs_assets.settings import Settings


def daily_at(given: str, folder: Path) -> Settings:
    """Settings over an empty log; the home is the checkout's, which has dbt's manifest."""
    env = {"RS_HOME": Settings.from_env().home, "RS_RAW_LOG": str(folder)}
    return Settings.from_env({**env, "RS_DAILY_AT": given, "RS_FIRST_LOG_DATE": "2024-01-01"})


@pytest.mark.parametrize(
    ("given", "cron", "late"), [("", "0 1", "0 4"), ("23:45", "45 23", "45 2"), ("00:00", "0 0", "0 3")]
)
def test_the_daily_run_starts_when_it_is_said_to_and_assets_are_late_three_hours_after(
    tmp_path, given, cron, late
):
    settings = daily_at(given, tmp_path)
    defs = build_defs(settings)
    daily = defs.resolve_schedule_def("daily")
    assert daily.cron_schedule == f"{cron} * * *"
    spec = defs.resolve_asset_graph().get(dg.AssetKey("sessions"))
    assert spec.freshness_policy.deadline_cron == f"{late} * * *"


def test_its_log_date_is_the_day_before(tmp_path):
    settings = daily_at("13:30", tmp_path)
    tick = dg.build_schedule_context(scheduled_execution_time=dt.datetime(2024, 1, 5, 13, 30, tzinfo=dt.UTC))
    asked = build_defs(settings).resolve_schedule_def("daily").evaluate_tick(tick)
    assert [one.partition_key for one in asked.run_requests] == ["2024-01-04"]


@pytest.mark.parametrize("given", ["1:00", "24:00", "12:60", "noon"])
def test_what_is_no_time_of_the_day_is_named(given):
    with pytest.raises(UserError, match="RS_DAILY_AT"):
        Settings.from_env({"RS_DAILY_AT": given})
