"""Lines of the log to a frame of candidate events, natively.

Belongs here: the one call that parses JSON. Does not belong here: judging, or lines that this parser cannot
represent (`exact`).

DuckDB's reader takes every scalar as JSON text, so that it cannot coerce any. What it drops silently, a
container of the wrong shape, a trailing comma, is found by `doubt` and read again by `exact`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

import duckdb
import polars as pl

from rs_assets.contract.schemas import ENVELOPE, ITEM, PARAMS

PAYLOAD_TEXT = ("body_text", "body_base64")
LINE_BYTES = 1 << 20  # GA4 takes 130 kB; a megabyte is no event


def _struct(fields: dict[str, str]) -> str:
    return f"STRUCT({', '.join(f'{name} {kind}' for name, kind in fields.items())})"


_ITEM = _struct(dict.fromkeys(map(str, ITEM.columns), "JSON"))
_PARAMS = _struct({**dict.fromkeys(PARAMS, "JSON"), "items": f"{_ITEM}[]"})
_EVENT = _struct({"name": "JSON", "timestamp_micros": "JSON", "params": _PARAMS})
_BODY = _struct({"client_id": "JSON", "user_id": "JSON", "timestamp_micros": "JSON", "events": f"{_EVENT}[]"})
_COLUMNS = {**dict.fromkeys((*map(str, ENVELOPE.columns), *PAYLOAD_TEXT), "JSON"), "body": _BODY}

# Same bytes, same row order: no join and no IN belongs in here (they lose the order of the file).
_QUERY = f"""
SELECT
    {", ".join(map(str, ENVELOPE.columns))}, client_id, user_id, body_timestamp_micros,
    event_index, event IS NOT NULL AS has_event, event.params IS NOT NULL AS has_params,
    event.name AS event_name, event.timestamp_micros AS event_timestamp_micros,
    hash(site, client_id, user_id, coalesce(event.timestamp_micros, body_timestamp_micros, received_at), event)
        AS fingerprint,
    unnest(event.params)
FROM (
    SELECT
        {", ".join(map(str, ENVELOPE.columns))},
        body.client_id, body.user_id, body.timestamp_micros AS body_timestamp_micros,
        unnest(CASE WHEN len(body.events) > 0 THEN body.events ELSE [NULL] END) AS event,
        unnest(range(greatest(coalesce(len(body.events), 0), 1))) AS event_index
    FROM {{source}}
)
"""


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
    """Parses lines through a spool file of its own. One DuckDB connection, for the life of a split.

    Args:
        threads: how many DuckDB may use.
        memory_gib: its memory limit.
    """

    def __init__(self, threads: int = 2, memory_gib: float = 0.6) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rs-assets-split-")
        self._spool = open(os.path.join(self._folder.name, "lines.ndjson"), "w+b")  # noqa: SIM115 (until close)
        self._connection = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": f"{int(memory_gib * 1024)}MiB",
                "preserve_insertion_order": True,
                "temp_directory": self._folder.name,
            }
        )
        # What polars takes over without a copy.
        self._connection.execute("SET produce_arrow_string_view = true")
        self._connection.execute("SET arrow_output_version = '1.4'")

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection and the spool."""
        self._connection.close()
        self._spool.close()
        self._folder.cleanup()

    def parse(self, pieces: Iterable[bytes], lines: int) -> pl.DataFrame:
        """Candidate events, one row each; a line without events is one row without an event.

        Args:
            pieces: whole lines, none larger than LINE_BYTES; blank ones do not count.
            lines: how many there are in all.

        Returns:
            `k` (position among the lines), `event_index`, `has_event`, `has_params`, `fingerprint`,
            and JSON text in every column of the envelope, body, event and its parameters (`items`: a list
            of structs of it).

        Raises:
            MisalignedError: rows cannot be told to be those of the lines.
        """
        self._spool.seek(0)
        self._spool.write(b"\n")  # a byte order mark counts as one at the start of a file only
        for piece in pieces:
            self._spool.write(piece)
            self._spool.write(b"\n")
        # Written over and cut at the end, the file keeps its pages: a new one costs a fifth of the parsing.
        self._spool.truncate()
        self._spool.flush()
        table = self._connection.sql(_QUERY.format(source=source(self._spool.name))).to_arrow_table()
        frame = pl.DataFrame(pl.from_arrow(table))
        starts = (pl.col("event_index") == 0).cast(pl.UInt32)
        frame = frame.with_columns(
            pl.col("event_index").cast(pl.Int32), (starts.cum_sum() - 1).cast(pl.UInt32).alias("k")
        )
        rows = 0 if frame.is_empty() else int(frame["k"][-1]) + 1
        if rows != lines:
            raise MisalignedError(f"{lines} lines came back from the JSON reader as {rows}.")
        return frame
