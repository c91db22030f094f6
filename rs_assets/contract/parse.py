"""Lines of the log to frames of candidate events, natively.

Belongs here: the one query that parses JSON, over a whole log date or over a few lines. Does not belong here:
judging, or lines that this parser cannot represent (`exact`).

DuckDB reads every scalar as JSON text, so that it cannot coerce any, and every event as JSON text, too: what an
event is equal to another by (`fingerprint`) and which keys it has (`shape`) covers all of it, not only what
the contract knows. What the reader takes although JSON forbids it, or drops because it is a container of the
wrong shape, is found by `doubt` and read again by `exact`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from rs_assets.contract.schemas import ENVELOPE, ITEM, PARAMS
from rs_assets.log.ahead import ahead
from rs_assets.log.blocks import Batch

LINE_BYTES = 1 << 20
"""What is longer is not parsed: no body that the contract allows is (`exact.BODY_BYTES`)."""
NO_EVENT = b"{}"
"""Stands in for a line that is not given to the native reader; without an event, it is in doubt."""

ITEM_FIELDS = tuple(map(str, ITEM.columns))
_OF_BODY = ("client_id", "user_id", "user_properties", "consent")
_BODY = f"STRUCT({', '.join(f'{name} JSON' for name in _OF_BODY)}, timestamp_micros JSON, events JSON[])"
_COLUMNS = {**dict.fromkeys(map(str, ENVELOPE.columns), "JSON"), "body": _BODY}
_ENVELOPE = ", ".join(map(str, ENVELOPE.columns))
_KEYS = "json_keys(event, ['$', '$.params'])"
_ITEM_KEYS = "json_keys(event, '$.params.items[*]')"

# Same bytes, same row order: no join and no IN belongs in here (they lose the order of the file).
_EVENTS = f"""
    SELECT
        {_ENVELOPE}, {", ".join(f"body.{name}" for name in _OF_BODY)}, body.timestamp_micros AS body_timestamp_micros,
        unnest(CASE WHEN len(body.events) > 0 THEN body.events ELSE [NULL] END) AS event,
        unnest(range(greatest(coalesce(len(body.events), 0), 1))) AS event_index
    FROM {{source}}
"""
_QUERY = f"""
SELECT * EXCLUDE (event, read), read.name AS event_name, read.timestamp_micros AS event_timestamp_micros,
    hash(site, client_id, user_id, coalesce(read.timestamp_micros, body_timestamp_micros, received_at), event)
        AS fingerprint,
    unnest(read.params)
FROM (
    SELECT *, starts_with(event, '{{{{') AS is_object, hash({_KEYS}, {_ITEM_KEYS}) AS shape,
        json_transform(event, '{{fields}}') AS read
    FROM ({_EVENTS})
)
"""
_SHAPES = f"""
SELECT event_index, hash({_KEYS}, {_ITEM_KEYS}) AS shape,
    {_KEYS}[1] AS of_event, {_KEYS}[2] AS of_params, {_ITEM_KEYS} AS of_items
FROM ({_EVENTS})
"""
_SENT = f"""
SELECT list_distinct(flatten(list({_KEYS}[2]))) AS params,
    list_distinct(flatten(flatten(list({_ITEM_KEYS})))) AS items
FROM ({_EVENTS})
"""


def _fields(params: Iterable[str], items: Iterable[str]) -> str:
    """The event as json_transform wants it described, with these of the contract's parameters and item fields."""
    read = {**dict.fromkeys(params, "JSON"), "items": [dict.fromkeys(items, "JSON")]}
    return json.dumps({"name": "JSON", "timestamp_micros": "JSON", "params": read})


def source(path: str) -> str:
    """The typed reader of an ndjson file as DuckDB's table function; benchmarks measure against the same."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in _COLUMNS.items())
    quoted = path.replace("'", "''")
    return (
        f"read_json('{quoted}', format='newline_delimited', ignore_errors=true, "
        f"maximum_object_size={2 * LINE_BYTES}, columns={{{columns}}})"
    )


class MisalignedError(Exception):
    """The native reader answered with another number of rows than it was given lines."""


class Parser:
    """One DuckDB for the life of a split.

    Args:
        threads: how many DuckDB may use.
        memory_gib: its memory limit.
        always: parameters that have a column in every frame of `stream`, sent or not.
        items: likewise, the fields of an item.
    """

    def __init__(
        self,
        threads: int = 1,
        memory_gib: float = 0.6,
        always: Iterable[str] = PARAMS,
        items: Iterable[str] = ITEM_FIELDS,
    ) -> None:
        self._params = frozenset(always) & frozenset(PARAMS)
        self._items = frozenset(items)
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

        Of the parameters and the fields of an item, only those that the first batch sends have a column, and those
        of `always` and `items`: of the contract's many, a log date uses a dozen, and the others would cost half of
        the parsing. Whoever finds (by its shape) that an event has more parses its batch again, and lets the later
        ones `learn` of it.

        Two files take turns: one is written while the other is read. (Reading from a pipe would need no file, but
        DuckDB keeps all that came out of one.)
        """
        learned = False
        with self._file() as first, self._file() as second:
            for batch, path in ahead(_spooled(batches, first, second)):
                if not learned:
                    [sent] = self._table(_SENT, path).to_pylist()
                    self.learn(sent["params"] or (), sent["items"] or ())
                    learned = True
                fields = _fields(sorted(self._params), [name for name in ITEM_FIELDS if name in self._items])
                yield batch, self._rows(_QUERY, path, len(batch), fields)

    def learn(self, params: Iterable[str], items: Iterable[str]) -> None:
        """Names that were sent; those of the contract are read from now on by `stream`."""
        self._params |= frozenset(PARAMS).intersection(params)
        self._items |= frozenset(ITEM_FIELDS).intersection(items)

    def parse(self, lines: Sequence[bytes], items: Iterable[str] = ITEM_FIELDS) -> pl.DataFrame:
        """Candidate events of a few lines, one row each; a line without events is one row without an event.

        Args:
            lines: none blank, none larger than LINE_BYTES.
            items: the fields of an item that are read.

        Returns:
            All columns: `k` (position among the lines), `event_index`, `is_object` (null without an event),
            `shape` and `fingerprint` (hashes), and JSON text in every column of the envelope, body, event and its
            parameters (`items`: a list of structs of it).

        Raises:
            MisalignedError: rows cannot be told to be those of the lines.
        """
        return self._aligned(_QUERY, lines, _fields(PARAMS, items))

    def keys(self, lines: Sequence[bytes]) -> pl.DataFrame:
        """The keys of all events of a few lines, repeated ones repeated.

        Returns:
            `k`, `event_index`, `shape`, `of_event`, `of_params` and `of_items` (a list an item): keys in the order
            they stand in; null where there is no event, no params.

        Raises:
            MisalignedError: as `parse`.
        """
        return self._aligned(_SHAPES, lines).select(
            "k", "event_index", "shape", "of_event", "of_params", "of_items"
        )

    def _aligned(self, query: str, lines: Sequence[bytes], fields: str = "") -> pl.DataFrame:
        with self._file() as spool:
            frame = self._rows(query, _written(spool, [b"\n".join(lines)]), len(lines), fields)
        if frame is None:
            raise MisalignedError(
                f"The JSON reader's rows are not those of the {len(lines)} lines it was given."
            )
        return frame

    def _rows(self, query: str, path: str, lines: int, fields: str) -> pl.DataFrame | None:
        """The rows of a file with `k`, the position of their line; None where they are not those of so many lines."""
        table = self._table(query, path, fields)
        starts = (pl.col("event_index") == 0).cast(pl.UInt32)
        frame = pl.DataFrame(pl.from_arrow(table)).with_columns(
            pl.col("event_index").cast(pl.Int32), (starts.cum_sum() - 1).cast(pl.UInt32).alias("k")
        )
        found = 0 if frame.is_empty() else int(frame["k"][-1]) + 1
        return frame if found == lines else None

    def _table(self, query: str, path: str, fields: str = "") -> pa.Table:
        with self._connection.cursor() as cursor:
            return cursor.sql(query.format(source=source(path), fields=fields)).to_arrow_table()

    def _file(self) -> IO[bytes]:
        return tempfile.NamedTemporaryFile(dir=self._folder.name, suffix=".ndjson")


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
