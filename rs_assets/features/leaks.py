"""No feature may see the future: a check for any function from events to features.

Belongs here: `find_leaks`, which takes the future away and looks what changes. Does not belong here: any
particular feature, or the look at a table alone (`suspicions`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

ROW = "(the row itself)"
"""The `feature` of a leak where a row is there with the future and not without it, or the reverse."""


@dataclass(frozen=True)
class Leak:
    """A feature that changes when the future is taken away.

    Attributes:
        feature: a column of the features, or ROW.
        rows: how many rows change, at any of the instants.
        key: the key columns of one of them, with their values.
        instant: events after it were taken away.
        with_future, without_future: the feature of that row, before and after.
    """

    feature: str
    rows: int
    key: tuple[tuple[str, object], ...]
    instant: dt.datetime
    with_future: object
    without_future: object

    def __str__(self) -> str:
        row = ", ".join(f"{name}={value!r}" for name, value in self.key)
        return (
            f"{self.feature} sees the future: for {row} it is {self.with_future!r}, and "
            f"{self.without_future!r} when events after {self.instant.isoformat()} are not there yet "
            f"({self.rows} rows in all)."
        )


def find_leaks(
    compute: Callable[[pl.DataFrame], pl.DataFrame],
    events: pl.DataFrame,
    *,
    key: Sequence[str] = ("session_id", "position"),
    order: str = "event_time",
    as_of: str = "as_of",
    features: Sequence[str] | None = None,
    instants: Sequence[dt.datetime] | None = None,
    max_instants: int = 20,
) -> list[Leak]:
    """Take the future away at several instants, and report every feature that changes.

    At each instant the features are computed again from the events up to it, inclusive. Rows that were
    complete by then (`as_of <= instant`) must be there again with equal values: null for null, NaN for NaN,
    and no tolerance, since the same events in the same order give the same bits.

    Args:
        compute: from a frame of events to a frame of features; called once and then once an instant.
        events: with the column `order`, a Datetime: when the event came to be known.
        key: the columns that identify a row of the features.
        order: the events' column of time.
        as_of: the features' column of time, when the last event that a row may use came to be known.
        features: the columns to check; all but the key by default.
        instants: where to cut; by default `max_instants` of the distinct values of `as_of`, evenly spread.
            A cut at a row's own `as_of` is the sharpest one for that row.
        max_instants: how many of them, so how often `compute` is called.

    Returns:
        One leak a feature, rows that come and go first, then by the order of the columns. None for none.

    Raises:
        ValueError: two rows of the features have the same key.
    """
    full = _keyed(compute(events), key)
    names = [name for name in (features or full.columns) if name not in key]
    times = full[as_of] if full.height else events[order]
    moments = instants if instants is not None else _spread(times, max_instants)
    changes: dict[str, list[pl.DataFrame]] = {name: [] for name in (ROW, *names)}
    for instant in moments:
        known = _keyed(compute(events.filter(pl.col(order) <= instant)), key)
        past = full.filter(pl.col(as_of) <= instant)
        for name, changed in _changes(past, known, key, names):
            changes[name].append(changed.with_columns(pl.lit(instant).alias(".instant")))
    return [_leak(name, found, key) for name, found in changes.items() if found]


def _keyed(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    if frame.select(key).is_duplicated().any():
        raise ValueError(f"The features have several rows with the same {', '.join(key)}.")
    return frame


def _spread(times: pl.Series, most: int) -> list[dt.datetime]:
    distinct = times.drop_nulls().unique().sort().to_list()
    step = max(1, -(-len(distinct) // max(1, most)))
    return distinct[::-1][::step][::-1]


def _changes(
    past: pl.DataFrame, known: pl.DataFrame, key: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """For each feature that changed, the keys with the value before and after."""
    both = past.with_columns(pl.lit(True).alias(".there")).join(
        known.with_columns(pl.lit(True).alias(".there")),
        on=list(key),
        how="full",
        coalesce=True,
        nulls_equal=True,
        suffix=".known",
    )
    there, again = pl.col(".there").fill_null(False), pl.col(".there.known").fill_null(False)
    stayed = both.filter(there & again)
    gone = both.filter(there != again).select(
        *key,
        pl.when(there).then(pl.lit("there")).otherwise(pl.lit("missing")).alias(".with"),
        pl.when(again).then(pl.lit("there")).otherwise(pl.lit("missing")).alias(".without"),
    )
    if not gone.is_empty():
        yield ROW, gone
    for name in names:
        before, after = pl.col(name), pl.col(f"{name}.known")
        changed = stayed.filter(before.ne_missing(after))
        if not changed.is_empty():
            yield name, changed.select(*key, before.alias(".with"), after.alias(".without"))


def _leak(name: str, found: Sequence[pl.DataFrame], key: Sequence[str]) -> Leak:
    changed = pl.concat(found, how="vertical_relaxed").sort(".instant", *key)
    first = changed.row(0, named=True)
    example = tuple((column, first[column]) for column in key)
    rows = changed.select(key).n_unique()
    return Leak(name, rows, example, first[".instant"], first[".with"], first[".without"])
