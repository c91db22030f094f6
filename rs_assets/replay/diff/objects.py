"""Two published objects: whether they are the same bytes, and DuckDB's way to read them.

Belongs here: the connection a comparison works in, reading an object, telling equal ones apart cheaply. Does not
belong here: where objects lie (`rs_assets.lake`), comparing their rows.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from rs_assets.errors import UserError
from rs_assets.lake.tables import digest

MEMORY_GIB = 1.0
THREADS = 2


@contextmanager
def workspace(
    folder: str | None = None, *, memory_gib: float = MEMORY_GIB, threads: int = THREADS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that spills what goes beyond `memory_gib` to files, gone with it.

    Args:
        folder: where to spill, an existing folder; the system's folder for temporary files by default, which may
            itself be memory.
        memory_gib: DuckDB's limit; the process around it takes 0.2 GiB more.
        threads: DuckDB's.
    """
    with tempfile.TemporaryDirectory(prefix="diff-", dir=folder) as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{int(memory_gib * 1024)}MiB",
            "threads": threads,
            "temp_directory": spill,
            "preserve_insertion_order": False,  # every result is ordered by a query of its own
        }
        with duckdb.connect(config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection


def same_bytes(before: str, after: str) -> bool:
    """Whether two files have equal content; they are read only if their sizes are equal and they are not one file."""
    if os.path.realpath(before) == os.path.realpath(after) or os.path.samefile(before, after):
        return True
    return os.path.getsize(before) == os.path.getsize(after) and digest(before) == digest(after)


def read(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> duckdb.DuckDBPyRelation:
    """The rows of Parquet objects, read when they are asked for; columns are matched by name.

    Args:
        connection: a `workspace`.
        paths: at least one.

    Raises:
        UserError: one of them cannot be read.
    """
    with readable(paths):
        return connection.read_parquet(
            [_literally(path) for path in paths], hive_partitioning=False, union_by_name=len(paths) > 1
        )


@contextmanager
def readable(paths: Sequence[str]) -> Iterator[None]:
    """Turn DuckDB's complaint about a damaged object among `paths` into one that says what to do."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.SerializationException) as problem:
        raise UserError(
            f"Of {', '.join(paths)} not all can be read: {str(problem).partition(chr(10))[0]}",
            "Replay the log date of the damaged object.",
        ) from None


def rows_of(connection: duckdb.DuckDBPyConnection, path: str) -> int:
    """How many rows an object has; of the file only its footer is read."""
    with readable([path]):
        query = "SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata($1)"
        ((rows,),) = connection.execute(query, [_literally(path)]).fetchall()
    return int(rows)


def _literally(path: str) -> str:
    """The path as a pattern that matches nothing but itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)
