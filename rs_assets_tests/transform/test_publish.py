"""From the file a model wrote to objects: in the order of the key, whatever the order of the file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.lake.stage import Stage
from rs_assets.transform import publish_model

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
KEY = ["is_carried", "event_id"]


@pytest.fixture
def rows() -> pl.DataFrame:
    """Rows of two of the dates, in order; an id may be on both sides of `is_carried`."""
    return pl.DataFrame(
        {
            "log_date": [dt.date.fromisoformat(DATES[0])] * 4 + [dt.date.fromisoformat(DATES[2])] * 3,
            "is_carried": [False, False, True, True, False, True, True],
            "event_id": ["a", "b", "a", "ä", "z", "a", "b"],
            "n": range(7),
        }
    )


def published(folder: Path, rows: pl.DataFrame, order: str | None = None) -> list[bytes]:
    lake = Lake(str(folder / "lake"))
    rows.write_parquet(folder / "staged.parquet")
    with Stage(lake) as stage:
        publish_model(stage, "m", str(folder / "staged.parquet"), DATES, KEY, order)
        stage.publish()
    return [Path(path).read_bytes() for path in lake.require("m", DATES)]


def test_rows_come_out_in_the_order_of_the_key_with_the_same_bytes_whatever_their_order(tmp_path, rows):
    orders = [rows, rows.reverse(), rows[[3, 1, 0, 2, 6, 4, 5]], rows[[1, 0, 2, 3, 4, 5, 6]]]
    found = []
    for n, each in enumerate(orders):
        folder = tmp_path / str(n)
        folder.mkdir()
        found.append(published(folder, each))
    assert all(one == found[0] for one in found)
    lake = Lake(str(tmp_path / "1" / "lake"))
    tables = [pl.read_parquet(path) for path in lake.require("m", DATES)]
    assert [table.height for table in tables] == [4, 0, 3]
    assert pl.concat(tables).equals(rows)


def test_rows_of_one_key_or_without_one_are_published_all(tmp_path, rows):
    twice = pl.concat([rows, rows.head(1), rows.head(1).with_columns(event_id=pl.lit(None, pl.String))])
    published(tmp_path, twice)
    table = pl.read_parquet(Lake(str(tmp_path / "lake")).object("m", DATES[0]))
    assert table.sort("n", "event_id").equals(
        twice.filter(log_date=dt.date(2024, 1, 1)).sort("n", "event_id")
    )


def test_rows_with_a_column_that_tells_their_order_come_out_in_it_and_without_the_column(tmp_path, rows):
    mixed = rows[[3, 1, 0, 2, 6, 4, 5]]
    numbered = mixed.with_row_index("number")
    found = []
    for n, each in enumerate([numbered, numbered.reverse()]):
        folder = tmp_path / str(n)
        folder.mkdir()
        found.append(published(folder, each, order="number"))
    assert found[0] == found[1]
    lake = Lake(str(tmp_path / "0" / "lake"))
    assert pl.concat([pl.read_parquet(path) for path in lake.require("m", DATES)]).equals(mixed)


def test_lists_come_out_with_the_same_bytes_however_log_dates_lie_among_each_other_in_the_file(tmp_path):
    days = [dt.date.fromisoformat(log_date) for log_date in (DATES[0], DATES[2])]
    rows = pl.DataFrame({"number": range(40_000)}).with_columns(
        log_date=pl.when(pl.col("number") < 20_000).then(days[0]).otherwise(days[1]),
        event_id=pl.col("number").cast(pl.String).str.zfill(6),
        is_carried=False,
        items=pl.concat_list(
            pl.lit("item number ") + (pl.col("number") * (7919 + n) % 10_007).cast(pl.String)
            for n in range(9)
        ).list.head(pl.col("number") * 31 % 10),
    )
    found = []
    for n, block in enumerate((20_000, 5_000, 128, 1)):
        folder = tmp_path / str(n)
        folder.mkdir()
        laid = rows.sort(pl.col("number") % 20_000 // block, "log_date", "number")
        found.append(published(folder, laid, order="number"))
    assert all(one == found[0] for one in found)
