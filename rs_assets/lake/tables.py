"""Parquet objects with nothing in them but their rows: same rows, same bytes.

Belongs here: the writer's fixed settings, and digests. Does not belong here: where objects lie.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TypeAlias

import duckdb
import polars as pl
import pyarrow as pa
from polars.datatypes import DataTypeClass

Schema: TypeAlias = Mapping[str, DataTypeClass | pl.DataType]

ROW_GROUP = 32_768  # rows; a group is what a reader, and the writer, must hold
VECTOR = 2_048  # rows that DuckDB encodes at once; a row group is a whole number of them
WAITING = 1  # pieces that may wait for the encoder


class TableWriter:
    """Writes frames of one schema to one Parquet object, a row group at a time, while the caller goes on.

    The groups are of `row_group` rows whatever frames the rows came in, so the bytes depend on the rows alone.
    A block that raises leaves no file: half a table would look like a whole one.

    Args:
        path: the file; its folder must be there.
        schema: names and polars types; every frame has exactly these.
        row_group: rows of one, a multiple of VECTOR; one is in memory at a time, so rows that are large want fewer.
    """

    def __init__(self, path: str, schema: Schema, *, row_group: int = ROW_GROUP) -> None:
        self._path = path
        self._row_group = row_group
        self._empty = pl.DataFrame(schema=dict(schema))
        self._pieces: queue.Queue[pl.DataFrame | None] = queue.Queue(WAITING)
        self._problem: Exception | None = None
        self._rest = self._empty
        self.rows = 0
        self._encoder = threading.Thread(target=self._encode, daemon=True)
        self._encoder.start()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._put(self._rest)
        self._put(None)
        self._encoder.join()
        if kind is not None or self._problem is not None:
            with suppress(FileNotFoundError):
                os.remove(self._path)
            if kind is None and self._problem is not None:
                raise self._problem

    def write(self, frame: pl.DataFrame) -> None:
        """Append the frame's rows, in their order."""
        if frame.schema != self._empty.schema:
            raise TypeError(f"the table has {self._empty.schema}, the frame {frame.schema}")
        self.rows += frame.height
        missing = -self._rest.height % VECTOR
        self._rest = _compact(pl.concat([self._rest, frame.head(missing)]))
        frame = frame.slice(missing)
        if self._rest.height == VECTOR:
            self._put(self._rest)
            self._rest = self._empty
        whole = frame.height - frame.height % VECTOR
        if whole:
            self._put(frame.head(whole))
        if whole < frame.height:
            self._rest = _compact(frame.slice(whole))

    def _put(self, piece: pl.DataFrame | None) -> None:
        while self._encoder.is_alive():
            try:
                self._pieces.put(piece, timeout=1)
                return
            except queue.Full:
                continue
        if piece is not None and self._problem is not None:
            raise self._problem

    def _encode(self) -> None:
        """DuckDB's writer on one thread, fed from the queue."""
        source = pa.RecordBatchReader.from_batches(_arrow(self._empty).schema, self._batches())
        path = self._path.replace("'", "''")
        try:
            with duckdb.connect(config={"threads": 1}) as connection:
                connection.register("source", source)
                connection.execute(
                    f"COPY source TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {self._row_group}, "
                    "COMPRESSION zstd, COMPRESSION_LEVEL 1, WRITE_BLOOM_FILTER false)"
                )
        except Exception as problem:  # whatever it is, it belongs to the thread that writes
            self._problem = problem

    def _batches(self) -> Iterator[pa.RecordBatch]:
        while (piece := self._pieces.get()) is not None:
            # In one chunk: the encoder takes each chunk's rows by vectors of its own, the last of them not full.
            yield from _arrow(piece.rechunk()).to_batches()


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """What DuckDB reads without a copy."""
    return frame.to_arrow(compat_level=pl.CompatLevel.newest())


def _compact(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with strings of their own.

    Strings of a frame are views, and one that stays holds on to all that its batch was parsed into. A few rows of
    each batch, waiting for each other until they fill a row group, held on to a whole log date.
    """
    arrow = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return pl.DataFrame(pl.from_arrow(arrow), schema=frame.schema)


def write_table(frame: pl.DataFrame, path: str) -> None:
    """One frame as one object."""
    with TableWriter(path, frame.schema) as writer:
        writer.write(frame)


def digest(path: str) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
