"""The sealed log in the graph: what observing records before and after, and what the check says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs import replays

KEY = dg.AssetKey("raw_events")
DATES = ["2024-01-06", "2024-01-07"]


@pytest.fixture(scope="module")
def place(home) -> Path:
    place = home("seal")
    plan = Plan(start=dt.date(2024, 1, 6), days=2, events=400)
    generate(plan, str(place / "raw"), str(place / "truth.csv"))
    return place


@pytest.fixture(scope="module")
def on(place):
    with dg.instance_for_test() as instance:
        yield instance


def observed(on: dg.DagsterInstance) -> tuple[dict[str, str], dg.AssetCheckEvaluation]:
    """The data version of each log date, and what the check said, of one run of `observe_job`."""
    from rs_assets.definitions import build_defs

    result = build_defs().resolve_job_def("observe_job").execute_in_process(instance=on)
    assert result.success
    tag = "dagster/data_version"
    seen = [event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()]
    [check] = result.get_asset_check_evaluations()
    return {str(one.partition): one.tags[tag] for one in seen}, check


def test_sealing_makes_nothing_stale_and_a_change_under_a_seal_is_named(place, on):
    before, check = observed(on)
    assert sorted(before) == DATES
    assert check.passed and check.metadata["sealed_log_dates"].value == 0

    assert replays.run(place, "seal").returncode == 0
    after, check = observed(on)
    assert after == before, "the data version is the same, whether it comes from the seal or the bytes"
    assert check.passed and check.metadata["sealed_log_dates"].value == 2

    segment = next((place / "raw/site=shop-a/log_date=2024-01-07").iterdir())
    data = segment.read_bytes()
    segment.write_bytes(data + b"more")
    changed, check = observed(on)
    assert changed[DATES[0]] == before[DATES[0]] and changed[DATES[1]] != before[DATES[1]]
    assert not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
    assert f"site=shop-a/log_date=2024-01-07/{segment.name}: sealed " in check.description

    segment.write_bytes(data)
    again, check = observed(on)
    assert again == before and check.passed


def test_a_seal_that_is_none_fails_the_check_and_not_the_run(place, on):
    seal = place / "raw/_seals/log_date=2024-01-06.json"
    text = seal.read_bytes()
    before, _ = observed(on)
    seal.write_bytes(b"{")
    after, check = observed(on)
    assert after == before and not check.passed
    assert "_seals/log_date=2024-01-06.json" in check.description
    seal.write_bytes(text)


def test_observing_reads_no_segment_that_is_sealed(place, on, monkeypatch):
    def refuse(*_: object) -> str:
        raise AssertionError("read")

    monkeypatch.setattr("rs_assets.log.seals.versions.log_date_digest", refuse)
    assert sorted(observed(on)[0]) == DATES


def test_the_check_runs_where_the_log_is_observed_and_nowhere_else(place):
    from rs_assets.definitions import build_defs

    defs = build_defs()
    nodes = {name: defs.resolve_job_def(name).nodes for name in ("observe_job", "daily_job", "replay_job")}
    assert sorted(node.name for node in nodes.pop("observe_job")) == ["raw_events", "raw_events_seal"]
    assert not [node.name for job in nodes.values() for node in job if "raw_events" in node.name]
