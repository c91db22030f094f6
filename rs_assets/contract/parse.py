"""Lines of the log to frames of candidate events, natively.

Belongs here: the one parser of JSON, over a whole log date or over a few lines. Does not belong here: its SQL
(`queries`), judging, or lines that this parser cannot represent (`exact`).

What the reader takes although JSON forbids it, or drops because it is a container of the wrong shape, is found by
`doubt` and read again by `exact`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from rs_assets.contract.plain import is_plain
from rs_assets.contract.queries import (
    ALL_FIELDS,
    LINE_BYTES,
    Fields,
    events_query,
    names_query,
    repeats_query,
    shapes_query,
)
from rs_assets.log.ahead import ahead
from rs_assets.log.blocks import Batch

NO_EVENT = b"{}"
"""Stands in for a line that is not given to the native reader; without an event, it is in doubt."""
PLAIN = 0
"""The shape of every plain event: it has nothing that a shape is looked at for."""
MANY = 0.25
"""Share of events that are not plain from which on their keys are asked for at once, with all others'."""


@dataclass
class Sent:
    """The contract's fields that were sent so far: what one log date sends, the next one does, too."""

    fields: Fields = field(default_factory=lambda: Fields(frozenset(), frozenset()))


class MisalignedError(Exception):
    """The native reader answered with another number of rows than it was given lines."""


class Parser:
    """One DuckDB for the life of a split.

    Args:
        threads: how many DuckDB may use.
        memory_gib: its memory limit.
        always: fields that whoever asks looks at, sent or not. Those of items are read at once.
        sent: fields that were sent before, and are read at once; told of what is sent from now on.
    """

    def __init__(
        self,
        threads: int = 1,
        memory_gib: float = 0.6,
        always: Fields = ALL_FIELDS,
        sent: Sent | None = None,
    ) -> None:
        self.always = always
        self._sent = Sent() if sent is None else sent
        self._fields = Fields(frozenset(), always.items) | self._sent.fields
        self._ask_keys = False
        self._folder = tempfile.TemporaryDirectory(prefix="rs-assets-split-")
        self._connection = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": f"{int(memory_gib * 1024)}MiB",
                "preserve_insertion_order": True,
                "temp_directory": self._folder.name,
                # What polars takes over without a copy.
                "produce_arrow_string_view": True,
                "arrow_output_version": "1.4",
            }
        )

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection and what it put down."""
        self._connection.close()
        self._folder.cleanup()

    def stream(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, pl.DataFrame | None]]:
        """Each batch with its candidate events, as `parse` gives them; None where they are not those of its lines.

        Of the parameters and the fields of an item, only those that the first lines send have a column, and those
        of `sent`: of the contract's many, a log date uses a dozen, and the others would cost half of the parsing.
        Whoever finds (by its shape) that an event has more parses its line again, and lets the later batches `learn`
        of it. Of an event, `shape` says at once only whether it is PLAIN; it is null where `keys` must be asked for.

        Two files take turns: one is written while the other is read. (Reading from a pipe would need no file, but
        DuckDB keeps all that came out of one.)
        """
        learned = False
        with self._file() as first, self._file() as second:
            for batch, path in ahead(_spooled(batches, first, second)):
                if not learned and len(batch):
                    [sent] = self._table(names_query(path)).to_pylist()
                    self.learn(Fields.known(sent["params"] or (), sent["items"] or ()))
                    learned = True
                query = events_query(path, self._fields, keys=self._ask_keys)
                yield batch, self._told_plain(self._rows(query, len(batch)))

    def learn(self, sent: Fields) -> None:
        """Fields that were sent; they are read from now on by `stream`."""
        self._fields |= sent
        self._sent.fields |= sent

    def parse(self, lines: Sequence[bytes], fields: Fields = ALL_FIELDS) -> pl.DataFrame:
        """Candidate events of a few lines, one row each; a line without events is one row without an event.

        Args:
            lines: none blank, none larger than LINE_BYTES.
            fields: those that are read.

        Returns:
            All columns: `k` (position among the lines), `event_index`, `is_object` (null without an event),
            `shape` and `fingerprint` (hashes), `length` (of the event, in bytes), and JSON text in every column of
            the envelope, body, event and its parameters (`items`: a list of structs of it).

        Raises:
            MisalignedError: rows cannot be told to be those of the lines.
        """
        with self._file() as spool:
            query = events_query(_written(spool, [b"\n".join(lines)]), fields, keys=True)
            return _aligned(self._rows(query, len(lines)), lines)

    def keys(self, lines: Sequence[bytes]) -> pl.DataFrame:
        """The keys of all events of a few lines, repeated ones repeated.

        Returns:
            `k`, `event_index`, `shape`, `of_event`, `of_params` and `of_items` (a list an item): keys in the order
            they stand in; null where there is no event, no params.

        Raises:
            MisalignedError: as `parse`.
        """
        with self._file() as spool:
            query = shapes_query(_written(spool, [b"\n".join(lines)]))
            rows = _aligned(self._rows(query, len(lines)), lines)
        return rows.select("k", "event_index", "shape", "of_event", "of_params", "of_items")

    def repeat(self, lines: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """Which of these lines hold a field of their envelope or of their body twice; what is no object does not.

        Raises:
            MisalignedError: as `parse`.
        """
        with self._file() as spool:
            found = self._table(repeats_query(_written(spool, [b"\n".join(lines)])))["repeats"]
        if len(found) != len(lines):
            raise MisalignedError(f"The JSON reader has {len(found)} rows for {len(lines)} lines.")
        return pl.Series(found, dtype=pl.Boolean).fill_null(False).to_numpy()

    def _rows(self, query: str, lines: int) -> pl.DataFrame | None:
        """The rows of a query with `k`, the position of their line; None if they are not those of so many lines."""
        starts = (pl.col("event_index") == 0).cast(pl.UInt32)
        frame = pl.DataFrame(pl.from_arrow(self._table(query))).with_columns(
            pl.col("event_index").cast(pl.Int32), (starts.cum_sum() - 1).cast(pl.UInt32).alias("k")
        )
        found = 0 if frame.is_empty() else int(frame["k"][-1]) + 1
        return frame if found == lines else None

    def _told_plain(self, events: pl.DataFrame | None) -> pl.DataFrame | None:
        if events is None:
            return None
        plain = is_plain(events)
        self._ask_keys = plain.sum() < (1 - MANY) * events.height
        shape = pl.when(plain).then(pl.lit(PLAIN, pl.UInt64)).otherwise("shape")
        return events.with_columns(shape=shape)

    def _table(self, query: str) -> pa.Table:
        with self._connection.cursor() as cursor:
            return cursor.sql(query).to_arrow_table()

    def _file(self) -> IO[bytes]:
        return tempfile.NamedTemporaryFile(dir=self._folder.name, suffix=".ndjson")


def _aligned(frame: pl.DataFrame | None, lines: Sequence[bytes]) -> pl.DataFrame:
    if frame is None:
        raise MisalignedError(f"The JSON reader's rows are not those of the {len(lines)} lines it was given.")
    return frame


def _spooled(batches: Iterable[Batch], spool: IO[bytes], other: IO[bytes]) -> Iterator[tuple[Batch, str]]:
    for batch in batches:
        yield batch, _written(spool, _readable(batch))
        spool, other = other, spool


def _written(spool: IO[bytes], pieces: Iterable[bytes | memoryview]) -> str:
    """The spool's path, holding the pieces. Written over and then cut, a file keeps its pages."""
    spool.seek(0)
    spool.write(b"\n")  # a byte order mark counts as one at the start of a file only
    for piece in pieces:
        spool.write(piece)
    spool.truncate()
    spool.flush()
    return spool.name


def _readable(batch: Batch) -> Iterator[memoryview | bytes]:
    """A batch's bytes, without the lines that are too large for the reader."""
    data, at = memoryview(batch.data), 0
    for k in np.flatnonzero(batch.end - batch.start > LINE_BYTES).tolist():
        yield data[at : batch.start[k]]
        yield NO_EVENT
        at = int(batch.end[k])
    yield data[at : batch.size]
