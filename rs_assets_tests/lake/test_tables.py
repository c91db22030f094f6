"""Parquet objects: the same rows are the same bytes, however they arrive."""

from __future__ import annotations

import hashlib
import random
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.contract.quarantine import QUARANTINED_EVENTS
from rs_assets.contract.typed import VALID_EVENTS
from rs_assets.lake.tables import ROW_GROUP, Schema, TableWriter, digest, write_table

ROWS = 2 * ROW_GROUP + 4_321


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """More than two row groups, pages of several sizes, nulls and nested columns."""
    draws = random.Random(5)
    texts = [draws.randbytes(n % 40).hex() for n in range(997)]
    rows = pl.DataFrame({"n": range(ROWS)})
    n = pl.col("n")
    return rows.select(
        log_date=pl.lit("2024-01-02").str.to_date(),
        site="shop-" + (n % 3).cast(pl.String),
        event_id=pl.lit(pl.Series(texts)).gather(n * 7 % 997) + n.cast(pl.String),
        value=pl.when(n % 5 > 0).then(n * 0.1),
        raw=pl.when(n % 3 == 0).then((n * n).cast(pl.String).cast(pl.Binary)),
        fingerprint=n.hash(3),
        at=pl.from_epoch(n * 1_000_003, "us"),
        is_late=n % 11 == 0,
        items=pl.when(n % 4 > 0).then(
            pl.concat_list(pl.struct(item_id=n.cast(pl.String), price=n * 0.5)).list.gather(
                pl.int_ranges(n % 2)
            )
        ),
    )


def digest_of(folder: Path, schema: Schema, frames: list[pl.DataFrame]) -> str:
    path = str(folder / "t.parquet")
    with TableWriter(path, schema) as writer:
        for frame in frames:
            writer.write(frame)
    return digest(path)


def test_the_rows_come_back(tmp_path: Path, table: pl.DataFrame) -> None:
    write_table(table, str(tmp_path / "t.parquet"))
    assert pl.read_parquet(tmp_path / "t.parquet").equals(table)
    metadata = pq.read_metadata(tmp_path / "t.parquet")
    assert [metadata.row_group(g).num_rows for g in range(3)] == [ROW_GROUP, ROW_GROUP, 4_321]


@settings(deadline=None, max_examples=5)
@given(st.lists(st.integers(0, ROWS), max_size=8))
def test_the_same_rows_in_other_frames_are_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, table: pl.DataFrame, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    edges = [0, *sorted(cuts), ROWS]
    frames = [table[start:end] for start, end in pairwise(edges)]
    assert digest_of(folder, table.schema, frames) == digest_of(folder, table.schema, [table])


def test_neither_chunks_nor_a_sliced_or_gathered_origin_change_the_bytes(
    tmp_path: Path, table: pl.DataFrame
) -> None:
    expected = digest_of(tmp_path, table.schema, [table.rechunk()])
    chunked = pl.concat([table[:10], table[10:40_000], table[40_000:]], rechunk=False)
    assert chunked.n_chunks() == 3
    twice = pl.concat([table, table])[ROWS:]
    shuffled = table.with_row_index("i").sample(fraction=1, shuffle=True, seed=1).sort("i").drop("i")
    for frame in (chunked, twice, shuffled):
        assert digest_of(tmp_path, table.schema, [frame]) == expected


def test_one_changed_value_changes_the_digest(tmp_path: Path, table: pl.DataFrame) -> None:
    changed = table.with_columns(
        value=pl.when(pl.int_range(pl.len()) == 40_000).then(0.25).otherwise("value")
    )
    expected = digest_of(tmp_path, table.schema, [table])
    assert digest_of(tmp_path, table.schema, [changed]) != expected
    assert digest_of(tmp_path, table.schema, [table.reverse()]) != expected


def test_no_clock_and_no_path_is_in_the_bytes(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None], "site": ["x", "x"]})
    files = [tmp_path / "one.parquet", tmp_path / "another.parquet"]
    for path in files:
        write_table(frame, str(path))
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("schema", [VALID_EVENTS, QUARANTINED_EVENTS])
def test_an_empty_table_has_its_schema(tmp_path: Path, schema: Schema) -> None:
    with TableWriter(str(tmp_path / "t.parquet"), schema) as writer:
        assert writer.rows == 0
    assert pl.read_parquet(tmp_path / "t.parquet").schema == pl.Schema(dict(schema))


def test_rows_are_counted_as_they_are_written(tmp_path: Path, table: pl.DataFrame) -> None:
    with TableWriter(str(tmp_path / "t.parquet"), table.schema) as writer:
        for end, rows in ((5, 5), (0, 5), (40_000, 40_005)):
            writer.write(table[:end])
            assert writer.rows == rows


def test_a_frame_of_another_schema_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    for other in (pl.DataFrame({"a": ["1"]}), pl.DataFrame({"b": [1]}), pl.DataFrame({"a": [1], "b": [1]})):
        with (
            pytest.raises(TypeError, match="the table has"),
            TableWriter(str(path), {"a": pl.Int64}) as writer,
        ):
            writer.write(pl.DataFrame({"a": [1]}))
            writer.write(other)
        assert not path.exists()


def test_a_block_that_raises_leaves_no_half_of_a_table(tmp_path: Path, table: pl.DataFrame) -> None:
    path = tmp_path / "t.parquet"
    with pytest.raises(ZeroDivisionError), TableWriter(str(path), table.schema) as writer:
        writer.write(table)
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_digest_is_the_sha_256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc" * 1_000_000)
    assert digest(str(tmp_path / "f")) == hashlib.sha256(b"abc" * 1_000_000).hexdigest()
