"""The graph over a raw log on an object store, asked over HTTP."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path

import dagster as dg
import fsspec
import pytest

from rs_assets.log import RawLog
from rs_assets.log.generator import Plan, generate
from rs_assets.log.seals import data_versions
from rs_assets_tests.defs import replays
from rs_assets_tests.logs import split
from rs_assets_tests.s3 import Store

DATES = ["2024-01-06", "2024-01-07"]
SPLIT = ("valid_events", "quarantined_events")


@pytest.fixture(scope="module")
def place(home, s3: Store) -> Path:
    """A home whose raw log lies on the store."""
    place = home("s3")
    os.environ["RS_RAW_LOG"] = s3.bucket()
    plan = Plan(start=dt.date(2024, 1, 6), days=2, events=900, broken=0.1)
    generate(plan, os.environ["RS_RAW_LOG"], str(place / "truth.csv"))
    return place


@pytest.fixture(scope="module")
def copy(place: Path) -> RawLog:
    """The same log on the disk."""
    fs, path = fsspec.url_to_fs(os.environ["RS_RAW_LOG"])
    fs.get(f"{path}/", f"{place}/copy/", recursive=True)
    return RawLog(str(place / "copy"))


def observed() -> tuple[dict[str, str], dg.AssetCheckEvaluation]:
    from rs_assets.definitions import build_defs

    with dg.instance_for_test() as on:
        result = build_defs().resolve_job_def("observe_job").execute_in_process(instance=on)
    assert result.success
    seen = [event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()]
    [check] = result.get_asset_check_evaluations()
    return {str(one.partition): one.tags["dagster/data_version"] for one in seen}, check


def test_the_log_is_observed_with_the_versions_that_its_bytes_have_on_a_disk(
    place: Path, copy: RawLog
) -> None:
    before, check = observed()
    assert before == data_versions(copy, DATES, dt.date(2024, 3, 1)) and len(before) == 2
    assert check.passed and check.metadata["sealed_log_dates"].value == 0
    assert replays.run(place, "seal").returncode == 0
    after, check = observed()
    assert after == before
    assert check.passed and check.metadata["sealed_log_dates"].value == 2


@pytest.mark.parametrize("executor", ["in_process", "multiprocess"])
def test_a_replay_publishes_the_bytes_that_a_split_of_a_copy_on_a_disk_has(
    place: Path, copy: RawLog, executor: str
) -> None:
    replays.replay(
        place,
        *DATES,
        "prod",
        "--executor",
        executor,
        *(word for asset in SPLIT for word in ("--only", asset)),
    )
    published = replays.lake_bytes(place)
    for log_date in DATES:
        made = split(copy, log_date).files
        assert [published[f"{asset}/log_date={log_date}/part.parquet"] for asset in SPLIT] == [
            hashlib.sha256(data).hexdigest() for data in made
        ]
