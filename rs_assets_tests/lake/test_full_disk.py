"""A disk that takes no more: the step fails, the lake is as it was, and the next try goes on with what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rs_assets.lake import Lake

STEP = """
import resource, sys
import polars as pl
from rs_assets.lake import Lake
from rs_assets.lake.lineage import Lineage, reading
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table

limit = int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
lineage = Lineage({"a": "1"}, {"a": reading("raw_events")}, lambda dates: dict.fromkeys(dates, "x"))
rows = {"2024-01-01": 10, "2024-01-02": 200_000, "2024-01-03": 10}
with Stage(Lake(sys.argv[1]), lineage, reuse=True) as stage:
    for log_date in stage.pending(["a"], rows):
        table = pl.DataFrame({"n": pl.int_range(rows[log_date], eager=True).hash(1)})
        write_table(table, stage.path("a", log_date))
        stage.finish("a", log_date)
        print(log_date)
    stage.publish()
"""


def step(root: Path, limit: int) -> tuple[int, list[str]]:
    """The exit code of a step whose files may have so many bytes (any, if 0), and the log dates that it made."""
    done = subprocess.run([sys.executable, "-c", STEP, str(root), str(limit)], capture_output=True, text=True)
    return done.returncode, done.stdout.split()


def test_a_step_whose_file_cannot_be_written_leaves_the_lake_as_it_was_and_can_go_on(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    code, made = step(tmp_path, 100_000)
    assert code != 0 and made == ["2024-01-01"]
    assert lake.assets() == [] and os.listdir(tmp_path / ".staging") == []
    code, made = step(tmp_path, 0)
    assert code == 0 and made == ["2024-01-02", "2024-01-03"], "the first log date was finished before"
    assert lake.log_dates("a") == ["2024-01-01", "2024-01-02", "2024-01-03"]
