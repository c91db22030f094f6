"""dbt in this process: what one invocation leaves to the next."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from rs_assets.extending.dbt import DbtFolder
from rs_assets.lake import Lake
from rs_assets.transform import ModelRun
from rs_assets.transform.dbt import build
from rs_assets_tests.lakes import put
from rs_assets_tests.transform.conftest import DBT


def test_invocations_in_one_process_may_each_spill_to_a_folder_of_their_own(
    dbt_manifest, valid_events, tmp_path: Path
):
    target = dbt_manifest[1]
    lake = Lake(str(tmp_path / "lake"))
    base = dt.datetime(2024, 1, 1)
    rows = 150_000
    frame = valid_events(
        [{"at": (base + dt.timedelta(seconds=n)).isoformat(), "client": f"c{n}"} for n in range(rows)]
    )
    put(lake, "valid_events", ["2024-01-01"], frame)
    for name in ("first", "second"):
        run = ModelRun(
            "session_events",
            ("valid_events",),
            ("2024-01-01",),
            str(tmp_path / f"{name}.parquet"),
            settings=(
                "threads = 1",
                "memory_limit = '110MiB'",
                f"temp_directory = '{tmp_path}/spill-{name}'",
            ),
        )
        run.write(lake, str(tmp_path / "run.ndjson"))
        built = build(
            "session_events",
            DbtFolder("rs_assets", DBT, target),
            str(tmp_path / "run.ndjson"),
            str(tmp_path / name),
        )
        assert built.error is None, built.error
        assert pl.read_parquet(tmp_path / f"{name}.parquet").height == rows
