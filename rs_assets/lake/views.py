"""The lake as SQL: every asset of an environment as a view, in a connection that can only read it.

Belongs here: the connection of `rs-assets query` and of the commands that look at published tables. Does not
belong here: the connections of assets, which write to staging and take their limits from their boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import duckdb

from rs_assets.errors import UserError
from rs_assets.lake.paths import Lake
from rs_assets.lake.readonly import SCHEME, ReadOnlyFiles

T = TypeVar("T")


def connect(lake: Lake, *, threads: int = 2, memory_gib: float = 1.0) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with one view an asset, fit for a query that a person typed.

    Whatever the statement, it reads files of the environment and no other, and writes none: there is no local
    file system, no network, no extension to load, no Python variable to scan, and no setting to change any of
    that. Nothing is spilled to disk either, so a query that needs more than `memory_gib` fails.

    Args:
        lake: the environment.
        threads: of DuckDB.
        memory_gib: its limit.

    Raises:
        UserError: an asset's objects cannot be read.
    """
    connection = duckdb.connect(
        config={"threads": threads, "memory_limit": f"{memory_gib}GiB", "temp_directory": ""}
    )
    log_dates = {asset: lake.log_dates(asset) for asset in lake.assets()}
    # Their paths are those of objects that never change: whatever is published meanwhile, a query sees one state.
    connection.register_filesystem(
        ReadOnlyFiles({_name(a, d): lake.object(a, d) for a, dates in log_dates.items() for d in dates})
    )
    for asset, dates in log_dates.items():
        try:
            _read(connection, asset, dates[-1]).create_view(asset)
        except duckdb.Error as problem:
            raise UserError(
                f"The objects of {asset} in the environment {lake.environment} cannot be read: {problem}",
                "Replay the log date of the damaged object.",
            ) from None
    _close_off(connection)
    return connection


def names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The views of a connection made by `connect`, sorted."""
    found = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY view_name")
    return [name for (name,) in found.fetchall()]


def stoppable(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do `work`, which runs queries of the connection, so that Ctrl-C ends it at once.

    In the main thread DuckDB sees a signal when the query is nearly over: after four minutes, in one that was tried.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(work)
        try:
            # A signal that reaches another thread is seen when this one wakes up, so it does not sleep for long.
            while not wait([running], timeout=0.1).done:
                pass
        except KeyboardInterrupt:
            while not wait([running], timeout=0.05).done:
                connection.interrupt()  # again, if the query had not begun
            raise
        return running.result()


def _name(asset: str, log_date: str) -> str:
    return f"{asset}/log_date={log_date}/part.parquet"


def _read(connection: duckdb.DuckDBPyConnection, asset: str, last: str) -> duckdb.DuckDBPyRelation:
    def read(log_date: str, *, hive_partitioning: bool) -> duckdb.DuckDBPyRelation:
        objects = f"{SCHEME}://{_name(asset, log_date)}"
        return connection.read_parquet(objects, union_by_name=True, hive_partitioning=hive_partitioning)

    newest = read(last, hive_partitioning=False)
    return read("*", hive_partitioning="log_date" not in newest.columns)


def _close_off(connection: duckdb.DuckDBPyConnection) -> None:
    # The order matters: each of these is refused once the ones below it hold.
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET allowed_directories = $1", [[f"{SCHEME}://"]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET disabled_filesystems = 'LocalFileSystem'")
    connection.execute("SET lock_configuration = true")
