"""What one invocation of dbt reads and where it writes, said in a file.

Belongs here: choosing objects and chunks of log dates. Does not belong here: dbt (the graph runs it), SQL
(`dbt/models`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow.parquet as pq

from rs_assets.lake.lineage import Reads, days_before, reading
from rs_assets.lake.paths import Lake

ROWS_A_GIB = 400_000
"""Upstream rows that a chunk may hold for each GiB of its box, unless the model's meta says another number. What does
not fit is put on the disk meanwhile."""


@dataclass(frozen=True)
class ModelRun:
    """One model over a range of log dates.

    Attributes:
        model: its name, which is its asset's.
        upstream: the tables it reads.
        log_dates: consecutive dates, built by one invocation.
        staged: the Parquet file dbt writes.
        before: the tables of which it also reads the date before the first (`session_events_before` in its SQL).
        settings: DuckDB's, as `name = value`.
    """

    model: str
    upstream: tuple[str, ...]
    log_dates: tuple[str, ...]
    staged: str
    before: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def write(self, lake: Lake, path: str) -> None:
        """Write the file that dbt/macros/lake.sql reads.

        Raises:
            UserError: an upstream object is missing.
        """
        rows = [("location", self.staged), ("from_date", self.log_dates[0]), ("to_date", self.log_dates[-1])]
        rows += [("settings", setting) for setting in self.settings]
        for table in self.upstream:
            rows.append(("tables", table))
            rows += [(table, path) for path in lake.require(table, list(self.log_dates))]
        eve = (dt.date.fromisoformat(self.log_dates[0]) - dt.timedelta(days=1)).isoformat()
        rows += [(f"{table}_before", path) for table in self.before for path in lake.objects(table, [eve])]
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"table": table, "path": value}) + "\n" for table, value in rows)


def reads(upstream: Iterable[str], before: Iterable[str] = ()) -> Reads:
    """What a model reads: each of these tables, and of those of `before` the log date before."""
    return reading(*upstream, *(days_before(table, 1, 1) for table in before))


def chunks(
    lake: Lake,
    upstream: tuple[str, ...],
    log_dates: Iterable[str],
    memory_gib: float,
    rows_a_gib: int | None = None,
) -> Iterator[list[str]]:
    """Runs of consecutive log dates, as large as the box allows; at least one date each.

    A chunk is given out before the log date after it is asked for, unless that one is part of it. The result is the
    same bytes whatever the chunks: a session does not care where they end.
    """
    budget = (rows_a_gib or ROWS_A_GIB) * memory_gib
    chunk: list[str] = []
    rows = 0
    for log_date in log_dates:
        found = sum(pq.read_metadata(p).num_rows for t in upstream for p in lake.objects(t, [log_date]))
        if chunk and (rows + found > budget or not _follow(chunk[-1], log_date)):
            yield chunk
            chunk, rows = [], 0
        chunk.append(log_date)
        rows += found
    if chunk:
        yield chunk


def _follow(one: str, other: str) -> bool:
    return dt.date.fromisoformat(one) + dt.timedelta(days=1) == dt.date.fromisoformat(other)
