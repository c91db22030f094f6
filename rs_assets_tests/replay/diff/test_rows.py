"""Rows matched by DuckDB, held to a naive comparison in Python."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.replay.diff.difference import Rows
from rs_assets.replay.diff.objects import read, workspace
from rs_assets.replay.diff.rows import compare_rows

SCHEMA = {"session_id": pl.String, "site": pl.String, "events": pl.Int64, "revenue": pl.Float64}
Row = tuple[str | None, str | None, int | None, float | None]

rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from("abcdef")),
        st.one_of(st.none(), st.sampled_from(["x", "y", ""])),
        st.one_of(st.none(), st.integers(-3, 3)),
        st.one_of(st.none(), st.sampled_from([0.0, 1.5, float("nan"), float("inf")])),
    ),
    max_size=12,
)


def compared(before: list[Row], after: list[Row], folder: Path, asset: str = "sessions") -> Rows:
    paths = []
    for name, table in (("before", before), ("after", after)):
        paths.append(str(folder / f"{name}.parquet"))
        pl.DataFrame(table, schema=SCHEMA, orient="row").write_parquet(paths[-1])
    with workspace() as connection:
        a, b = (read(connection, [path]) for path in paths)
        return compare_rows(connection, a, b, asset, "2024-01-01")


def comparable(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(repr(value) for value in row)


@settings(max_examples=60, deadline=None)
@given(before=rows, after=rows)
def test_counts_are_those_of_a_naive_comparison(
    tmp_path_factory: pytest.TempPathFactory, before: list[Row], after: list[Row]
) -> None:
    found = compared(before, after, tmp_path_factory.mktemp("rows"))
    keys = [[row[0] for row in side] for side in (before, after)]
    if all(len(set(side)) == len(side) for side in keys):
        was, now = ({row[0]: comparable(row) for row in side} for side in (before, after))
        assert found.by_key
        assert found.added == len(now.keys() - was.keys())
        assert found.removed == len(was.keys() - now.keys())
        assert found.changed == sum(was[key] != now[key] for key in was.keys() & now.keys())
        for n, name in enumerate(SCHEMA):
            if n:
                moved = sum(was[key][n] != now[key][n] for key in was.keys() & now.keys())
                assert found.columns.get(name, 0) == moved
    else:
        a, b = (Counter(map(comparable, side)) for side in (before, after))
        assert not found.by_key
        assert (found.added, found.removed, found.changed) == ((b - a).total(), (a - b).total(), 0)
    assert len(found.samples) <= 15


def test_a_changed_row_is_shown_with_what_it_was_and_is(tmp_path: Path) -> None:
    found = compared([("a", "x", 1, 1.5)], [("a", "x", 2, 1.5)], tmp_path)
    (sample,) = found.samples
    assert (sample.key, sample.column, sample.before, sample.after) == (
        {"session_id": "a"},
        "events",
        "1",
        "2",
    )


def test_no_sample_shows_what_may_name_a_person(tmp_path: Path) -> None:
    for name, value in (("before", "anna@example.com"), ("after", "otto@example.com")):
        table = {"event_id": ["e1"], "client_id": [value], "page_title": [value], "value": [len(value)]}
        pl.DataFrame(table).write_parquet(tmp_path / f"{name}.parquet")
    with workspace() as connection:
        sides = [read(connection, [str(tmp_path / f"{name}.parquet")]) for name in ("before", "after")]
        found = compare_rows(connection, *sides, "valid_events", "2024-01-01")
        assert found.columns == {"client_id": 1, "page_title": 1}
        assert "example" not in repr(found)
        wholes = compare_rows(connection, *sides, "an_asset_without_a_key", "2024-01-01")
    assert (wholes.added, wholes.removed) == (1, 1) and "example" not in repr(wholes)


def test_a_column_that_is_named_like_sql_is_a_column(tmp_path: Path) -> None:
    for name, value in (("before", 1), ("after", 2)):
        pl.DataFrame({"session_id": ["a"], 'x"; DROP TABLE y --': [value]}).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    with workspace() as connection:
        sides = [read(connection, [str(tmp_path / f"{name}.parquet")]) for name in ("before", "after")]
        assert compare_rows(connection, *sides, "sessions", "2024-01-01").changed == 1


@pytest.mark.parametrize("asset", ["sessions", "an_asset_without_a_key"])
def test_tables_larger_than_memory_are_compared(tmp_path: Path, asset: str) -> None:
    rows = 1_500_000
    ids = pl.int_range(rows, eager=True)
    text = ids.hash(1).cast(pl.String) + ids.hash(2).cast(pl.String) + ids.hash(3).cast(pl.String)
    table = pl.DataFrame({"session_id": text, "site": text.reverse(), "events": ids})
    table.write_parquet(tmp_path / "before.parquet")
    table.with_columns(pl.when(ids % 1000 == 7).then(-1).otherwise(ids).alias("events")).write_parquet(
        tmp_path / "after.parquet"
    )
    assert table.estimated_size() > 2 * 80e6
    with workspace(str(tmp_path), memory_gib=0.15) as connection:
        a, b = (read(connection, [str(tmp_path / f"{name}.parquet")]) for name in ("before", "after"))
        found = compare_rows(connection, a, b, asset, "2024-01-01")
    if asset == "sessions":
        assert (found.added, found.removed, found.changed) == (0, 0, rows // 1000)
    else:
        assert (found.added, found.removed) == (rows // 1000, rows // 1000)
