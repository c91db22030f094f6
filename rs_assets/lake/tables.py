"""Parquet objects with nothing in them but their rows: same rows, same bytes.

Belongs here: the writer's fixed settings, and digests. Does not belong here: where objects lie.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass
from polars.io.plugins import register_io_source

Schema: TypeAlias = Mapping[str, DataTypeClass | pl.DataType]

ROW_GROUP = 32_768  # rows; a group is what a reader, and the writer, must hold
WAITING = 1  # row groups that may wait for the encoder


class TableWriter:
    """Writes frames of one schema to one Parquet object, a row group at a time, while the caller goes on.

    The groups are of `row_group` rows whatever frames the rows came in, so the bytes depend on the rows alone.
    A block that raises leaves no file: half a table would look like a whole one.

    Args:
        path: the file; its folder must be there.
        schema: names and polars types; every frame has exactly these.
        row_group: rows of one; several are in memory at a time, so rows that are large want fewer.
    """

    def __init__(self, path: str, schema: Schema, *, row_group: int = ROW_GROUP) -> None:
        self._path = path
        self._row_group = row_group
        self._empty = pl.DataFrame(schema=dict(schema))
        self._groups: queue.Queue[pl.DataFrame | None] = queue.Queue(WAITING)
        self._problem: Exception | None = None
        self._held: list[pl.DataFrame] = []
        self.rows = 0
        self._encoder = threading.Thread(target=self._encode, daemon=True)
        self._encoder.start()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush(1)
        self._put(None)
        self._encoder.join()
        if kind is not None or self._problem is not None:
            if os.path.exists(self._path):
                os.remove(self._path)
            if kind is None and self._problem is not None:
                raise self._problem

    def write(self, frame: pl.DataFrame) -> None:
        """Append the frame's rows, in their order."""
        if frame.schema != self._empty.schema:
            raise TypeError(f"the table has {self._empty.schema}, the frame {frame.schema}")
        self._held.append(frame if 4 * frame.height >= self._row_group else _compact(frame))
        self.rows += frame.height
        self._flush(self._row_group)

    def _flush(self, at_least: int) -> None:
        while sum(frame.height for frame in self._held) >= at_least:
            rows = pl.concat(self._held)
            self._put(rows.head(self._row_group).rechunk())
            self._held = [rows.slice(self._row_group)]

    def _put(self, group: pl.DataFrame | None) -> None:
        while self._encoder.is_alive():
            try:
                self._groups.put(group, timeout=1)
                return
            except queue.Full:
                continue
        if group is not None and self._problem is not None:
            raise self._problem

    def _encode(self) -> None:
        """Polars' streaming writer, fed from the queue: it encodes columns side by side."""
        try:
            register_io_source(self._source, schema=self._empty.schema).sink_parquet(
                self._path,
                compression="zstd",
                compression_level=1,
                row_group_size=self._row_group,
                maintain_order=True,
            )
        except Exception as problem:  # whatever it is, it belongs to the thread that writes
            self._problem = problem

    def _source(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, batch: int | None
    ) -> Iterator[pl.DataFrame]:
        while (group := self._groups.get()) is not None:
            yield group


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
