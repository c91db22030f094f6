"""Comparing two environments, asset by asset and log date by log date.

Belongs here: what is compared, in which order; equal objects are told by their records and not read. Does not belong
here: the comparisons themselves (`rows`, `shift`, `figures`, `moves`), words (`markdown`, `page`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import duckdb

from rs_assets.errors import UserError
from rs_assets.lake.records import PART, Record
from rs_assets.replay.diff import figures, moves, schema
from rs_assets.replay.diff.difference import (
    Asset,
    Difference,
    LogDate,
    Metric,
    Moves,
    Shift,
    State,
    TopK,
    Verdict,
)
from rs_assets.replay.diff.keys import declared_key, key_of
from rs_assets.replay.diff.objects import read, workspace
from rs_assets.replay.diff.rows import compare_rows
from rs_assets.replay.diff.schema import Change
from rs_assets.replay.diff.shift import shifts

FEATURES = ("session_features",)
VERDICTS = ("champion", "promoted", "verdict", "model")
"""Columns of small tables that say what was decided."""


class Side(Protocol):
    """What is compared: an environment, or what a receipt names."""

    @property
    def environment(self) -> str:
        """How it is called."""

    def assets(self) -> list[str]:
        """Its assets, sorted."""

    def log_dates(self, asset: str) -> list[str]:
        """The log dates of an asset, sorted."""

    def record(self, asset: str, log_date: str) -> Record | None:
        """What an object was made of; None if there is none."""

    def object(self, asset: str, log_date: str, name: str = PART) -> str:
        """The path of an object's file."""


def compare(
    before: Side,
    after: Side,
    *,
    first: str = "",
    last: str = "9999-12-31",
    only: Sequence[str] = (),
    memory_gib: float = 1.0,
    threads: int = 2,
    spill: str | None = None,
    on_date: Callable[[str, str, int, int], None] = lambda asset, log_date, done, of: None,
) -> Difference:
    """Compare two sides.

    Args:
        before, after: the sides.
        first, last: log dates, both inclusive.
        only: assets; all by default.
        memory_gib: of DuckDB; tables may be larger.
        threads: of DuckDB.
        spill: a folder for what does not fit in memory.
        on_date: called before each object, with how many of how many are done.

    Raises:
        UserError: an asset is on neither side, or an object cannot be read.
    """
    named = sorted({*before.assets(), *after.assets()})
    if unknown := sorted(set(only) - set(named)):
        raise UserError(
            f"Neither side has an asset {unknown[0]!r}.", f"There are: {', '.join(named) or 'none'}."
        )
    dates = {
        asset: sorted(d for d in {*before.log_dates(asset), *after.log_dates(asset)} if first <= d <= last)
        for asset in named
        if not only or asset in only
    }
    total = sum(map(len, dates.values()))
    done = 0
    assets = []
    with workspace(spill, memory_gib=memory_gib, threads=threads) as connection:
        for asset, of_asset in dates.items():
            job = _Job(connection, before, after, asset)
            for log_date in of_asset:
                on_date(asset, log_date, done, total)
                job.take(log_date)
                done += 1
            if of_asset:
                assets.append(job.result())
    every = sorted({d for of_asset in dates.values() for d in of_asset})
    span = (every[0], every[-1]) if every else ("", "")
    return Difference(before.environment, after.environment, *span, assets)


class _Job:
    """One asset, log date by log date."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, before: Side, after: Side, asset: str) -> None:
        self._connection, self._before, self._after, self._asset = connection, before, after, asset
        self._dates: list[LogDate] = []
        self._schema: list[tuple[str, list[Change]]] = []
        self._unlike: list[str] = []

    def take(self, log_date: str) -> None:
        """Compare the objects of a log date."""
        was, now = (side.record(self._asset, log_date) for side in (self._before, self._after))
        rows = (was.rows if was else None, now.rows if now else None)
        if was is None or now is None:
            state: State = "only after" if was is None else "only before"
            self._dates.append(LogDate(log_date, state, *rows))
            return
        artifacts = sorted(
            name for name in {*was.files, *now.files} - {PART} if was.files.get(name) != now.files.get(name)
        )
        if was.files.get(PART) == now.files.get(PART):
            self._dates.append(LogDate(log_date, "equal", *rows, artifacts=artifacts))
            return
        a, b = (self._read(side, [log_date]) for side in (self._before, self._after))
        changes = schema.changes(_types(a), _types(b))
        found = compare_rows(self._connection, a, b, self._asset, log_date)
        same = not changes and not (found.added or found.removed or found.changed)
        self._dates.append(LogDate(log_date, "same rows" if same else "different", *rows, found, artifacts))
        self._schema.append((log_date, changes))
        if not same:
            self._unlike.append(log_date)

    def result(self) -> Asset:
        """All log dates together, and what kind of asset it is says what else was compared."""
        by_wholes = any(date.rows and not date.rows.by_key for date in self._dates)
        key = None if by_wholes else list(declared_key(self._asset) or ()) or None
        shift, metrics, moved, tops, verdicts = self._more() if self._unlike else ([], [], None, [], [])
        return Asset(
            self._asset,
            key,
            self._dates,
            schema.by_column(self._schema),
            shift,
            metrics,
            moved,
            tops,
            verdicts,
        )

    def _more(self) -> tuple[list[Shift], list[Metric], Moves | None, list[TopK], list[Verdict]]:
        a, b = (self._read(side, self._unlike) for side in (self._before, self._after))
        common = [name for name in a.columns if name in b.columns]
        key = key_of(self._asset, common)
        shift = shifts(*self._both_whole(), key or ()) if self._asset in FEATURES else []
        metrics = (
            figures.metrics(self._values())
            if {"candidate", "slice", "metric", "value"} <= set(common)
            else []
        )
        asks = key is not None and self._every_date_by_key()
        moved = moves.moves(self._connection, a, b, key) if asks and key and "probability" in common else None
        tops = moves.top_k(self._connection, a, b, key) if asks and key and "item_ids" in common else []
        decided = [name for name in VERDICTS if name in common]
        small = self._asset.endswith(("_model", "_promotion"))
        verdicts = figures.verdicts(self._decisions(decided)) if decided and small else []
        return shift, metrics, moved, tops, verdicts

    def _both_whole(self) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
        """All log dates that both sides have, equal ones too: a distribution is one of all rows."""
        shared = [date.log_date for date in self._dates if not date.state.startswith("only")]
        return self._read(self._before, shared), self._read(self._after, shared)

    def _every_date_by_key(self) -> bool:
        return all(date.rows is None or date.rows.by_key for date in self._dates)

    def _values(self) -> Iterator[tuple[str, figures.Values, figures.Values]]:
        for log_date in self._unlike:
            tables = []
            for side in (self._before, self._after):
                found = self._read(side, [log_date]).select("candidate, slice, metric, value").fetchall()
                tables.append({(c, s, m): value for c, s, m, value in found})
            yield log_date, tables[0], tables[1]

    def _decisions(
        self, columns: list[str]
    ) -> Iterator[tuple[str, list[dict[str, str | None]], list[dict[str, str | None]]]]:
        listed = ", ".join(f"{name}::VARCHAR AS {name}" for name in columns)
        for log_date in self._unlike:
            tables = []
            for side in (self._before, self._after):
                found = self._read(side, [log_date]).select(listed).fetchall()
                tables.append([dict(zip(columns, row, strict=True)) for row in found])
            yield log_date, tables[0], tables[1]

    def _read(self, side: Side, log_dates: Sequence[str]) -> duckdb.DuckDBPyRelation:
        return read(self._connection, [side.object(self._asset, log_date) for log_date in log_dates])


def _types(relation: duckdb.DuckDBPyRelation) -> dict[str, str]:
    return {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
