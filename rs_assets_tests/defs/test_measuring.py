"""Each step takes the memory of its box, has its threads, and says what it used; and no byte depends on it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs import replays

KEYS = {f"used/{name}" for name in ("memory_mib", "cpu_seconds", "wall_seconds", "read_mib", "written_mib")}


@pytest.fixture(scope="module")
def place(home) -> Path:
    """Where the assets of `weighed` write; the server that steps fork from keeps the first that it is told."""
    made = home("weighed")
    os.environ |= {"WEIGHED": str(made), "DAGSTER_MULTIPROCESS_EXECUTOR_MAX_CONCURRENT": "4"}
    return made


def run_weighed(place: Path, memory_gib: int) -> list[dict[str, float]]:
    from rs_assets_tests.defs import weighed

    (place / "gib").write_text(str(memory_gib))
    with dg.instance_for_test() as on:
        result = dg.execute_job(dg.reconstructable(weighed.job), instance=on)
        assert result.success
        for name in weighed.NAMES:
            event = on.get_latest_materialization_event(dg.AssetKey(name))
            assert event.asset_materialization.metadata.keys() >= KEYS
    return [json.loads((place / f"{name}.json").read_text()) for name in weighed.NAMES]


def at_once(told: list[dict[str, float]]) -> int:
    return max(sum(one["began"] <= at["began"] < one["ended"] for one in told) for at in told)


def test_steps_whose_boxes_exceed_the_machine_are_never_at_work_together(place):
    told = run_weighed(place, memory_gib=8)
    assert at_once(told) <= 2
    assert {one["threads"] for one in told} == {1}


def test_steps_whose_boxes_fit_the_machine_are(place):
    assert at_once(run_weighed(place, memory_gib=16)) > 2


@pytest.fixture(scope="module")
def replayed(home) -> Path:
    """A home whose log was replayed by `multiprocess`."""
    place = home("measured")
    generate(Plan(days=2, events=4_000, broken=0.05), str(place / "raw"), str(place / "truth.csv"))
    replays.replay(place, "2024-01-01", "2024-01-02", "prod", "--executor", "multiprocess")
    return place


def test_every_materialization_of_every_asset_says_what_its_step_used(replayed):
    from rs_assets.definitions import build_defs
    from rs_assets.defs.launch import instance
    from rs_assets.settings import Settings

    on = instance(Settings.from_env({"RS_HOME": str(replayed)}))
    keys = build_defs().resolve_job_def("replay_job").asset_layer.executable_asset_keys
    assert len(keys) > 15
    for key in keys:
        records = on.fetch_materializations(key, limit=10).records
        assert len(records) == 2, key
        for record in records:
            metadata = record.asset_materialization.metadata
            assert metadata.keys() >= KEYS, key
            assert 20 < metadata["used/memory_mib"].value < 4096, key
            assert metadata["used/cpu_seconds"].value > 0, key


def test_what_was_used_is_in_no_object_and_another_executor_makes_the_same_bytes(replayed):
    replays.replay(replayed, "2024-01-01", "2024-01-02", "dev-again", "--executor", "in_process")
    assert replays.lake_bytes(replayed) == replays.lake_bytes(replayed, "dev-again")
