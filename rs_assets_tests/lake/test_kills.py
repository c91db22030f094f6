"""A step that is killed at any instant leaves the lake as it was before or after, never between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.lake.garbage import collect
from rs_assets_tests.lakes import put

ASSETS, DATES = ("a", "b", "c"), [f"2024-01-{day:02}" for day in range(1, 6)]
KILLS = 12

STEP = f"""
import itertools, sys
import polars as pl
from rs_assets.lake import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table

lake, start = Lake(sys.argv[1]), int(sys.argv[2])
for n in itertools.count(start):
    with Stage(lake) as stage:
        for asset in {ASSETS!r}:
            for log_date in {DATES!r}:
                write_table(pl.DataFrame({{"n": [n] * 2000}}), stage.path(asset, log_date))
                stage.finish(asset, log_date)
        stage.publish()
    print(n, flush=True)
"""


def published(lake: Lake) -> set[int]:
    """The numbers in all objects; one, if all are of the same step."""
    return {n for asset in ASSETS for path in lake.require(asset, DATES) for n in pl.read_parquet(path)["n"]}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_step_killed_at_any_instant_has_published_all_or_nothing(tmp_path: Path, seed: int) -> None:
    lake, chance = Lake(str(tmp_path)), random.Random(seed)
    for asset in ASSETS:
        put(lake, asset, DATES, pl.DataFrame({"n": [0] * 2000}))
    now, moved = 0, 0
    for _ in range(KILLS):
        step = subprocess.Popen(
            [sys.executable, "-c", STEP, lake.root, str(now + 1)], stdout=subprocess.PIPE, text=True
        )
        assert step.stdout is not None
        said = int(step.stdout.readline())
        time.sleep(chance.uniform(0, 0.3))
        os.kill(step.pid, signal.SIGKILL)
        said = max([said, *map(int, step.stdout.read().split())])
        step.wait()
        (after,) = published(lake)
        assert after in (said, said + 1), "what was said to be published is there, and the next at most"
        moved += after - now
        now = after
    assert moved >= KILLS
    collect(lake.root, older_than=-1)
    assert published(lake) == {now}
    assert os.listdir(tmp_path / ".staging") == []
    assert len(list((tmp_path / ".objects").glob("*/*/*"))) == len(ASSETS) * len(DATES)
    leftovers = [path for path in (tmp_path / ".versions").rglob("*") if path.suffix in (".new", ".link")]
    assert leftovers == []
