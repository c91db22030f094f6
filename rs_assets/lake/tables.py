"""Parquet objects with nothing in them but their rows: same rows, same bytes.

Belongs here: the writer's fixed settings, and digests. Does not belong here: where objects lie.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.datatypes import DataTypeClass

Schema: TypeAlias = Mapping[str, DataTypeClass | pl.DataType]

ROW_GROUP = 65_536  # rows; a group is what a reader, and the writer, must hold

REPETITIVE = frozenset(
    {"log_date", "site", "event_name", "currency", "user_agent", "contract_version", "segment", "element"}
    | {"item_id", "item_name", "item_category", "item_category2", "item_brand", "item_variant"}
    | {"code", "path", "message", "expected"}
)
"""Columns of few values, the only ones worth a dictionary: trying it on the rest costs a third of the writing."""


class TableWriter:
    """Writes frames of one schema to one Parquet object, a row group at a time.

    The groups are of ROW_GROUP rows whatever frames the rows came in, so the bytes depend on the rows alone.
    A block that raises leaves no file: half a table would look like a whole one.

    Args:
        path: the file; its folder must be there.
        schema: names and polars types; every frame has exactly these.
    """

    def __init__(self, path: str, schema: Schema) -> None:
        self._path = path
        self._empty = pl.DataFrame(schema=dict(schema))
        self._writer = pq.ParquetWriter(
            path,
            _arrow(self._empty).schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[path for path in _leaves(schema) if path.rsplit(".", 1)[-1] in REPETITIVE],
            version="2.6",
            store_schema=False,
        )
        self._held: list[pl.DataFrame] = []
        self.rows = 0

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush(1)
        self._writer.close()
        if kind is not None:
            os.remove(self._path)

    def write(self, frame: pl.DataFrame) -> None:
        """Append the frame's rows, in their order."""
        if frame.schema != self._empty.schema:
            raise TypeError(f"the table has {self._empty.schema}, the frame {frame.schema}")
        self._held.append(frame)
        self.rows += frame.height
        self._flush(ROW_GROUP)

    def _flush(self, at_least: int) -> None:
        while sum(frame.height for frame in self._held) >= at_least:
            rows = pl.concat(self._held)
            self._writer.write_table(_arrow(rows.head(ROW_GROUP)), row_group_size=ROW_GROUP)
            self._held = [rows.slice(ROW_GROUP)]


def write_table(frame: pl.DataFrame, path: str) -> None:
    """One frame as one object."""
    with TableWriter(path, frame.schema) as writer:
        writer.write(frame)


def digest(path: str) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _leaves(schema: Schema, prefix: str = "") -> Iterator[str]:
    """Parquet's paths of the primitive columns, nested ones included."""
    for name, dtype in schema.items():
        path = f"{prefix}{name}"
        while isinstance(dtype, pl.List):
            dtype, path = dtype.inner, f"{path}.list.element"
        if isinstance(dtype, pl.Struct):
            yield from _leaves(dtype.to_schema(), f"{path}.")
        else:
            yield path


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
