"""How many log dates one invocation of dbt is asked for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.transform import chunks
from rs_assets_tests.lakes import put

ROWS = {"2024-01-01": 3, "2024-01-02": 4, "2024-01-03": 0, "2024-01-04": 9, "2024-01-06": 1}
"""Of each log date; one is missing."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(str(tmp_path))
    for log_date, rows in ROWS.items():
        frame = pl.DataFrame(
            {"log_date": [dt.date.fromisoformat(log_date)] * rows}, schema={"log_date": pl.Date}
        )
        put(made, "events", [log_date], frame)
    return made


@pytest.mark.parametrize(
    ("memory", "rows", "lengths"),
    [
        (1, 7, [3, 1, 1]),
        (0.5, 14, [3, 1, 1]),
        (2, 7, [3, 1, 1]),
        (2, 8, [4, 1]),
        (1, 1, [1, 1, 1, 1, 1]),
        (1, None, [4, 1]),
    ],
)
def test_a_chunk_has_the_log_dates_whose_rows_its_box_may_hold_and_no_gap(lake, memory, rows, lengths):
    found = list(chunks(lake, ("events",), ROWS, memory, rows))
    assert [len(chunk) for chunk in found] == lengths
    assert [log_date for chunk in found for log_date in chunk] == list(ROWS)
