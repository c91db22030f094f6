"""What rules look at: a log date's counts, and those of the log dates before it.

Belongs here: reading the published lake, each of its log dates once. Does not belong here: counting (`counts`),
judging the counts (`about_…`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from rs_assets.alerts.counts import FAULTS, KEYS, KNOWN, VOLUMES, faults, together, volumes
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.seals import Broken, nothing, verify


@dataclass(frozen=True)
class Facts:
    """What is known about a log date when it is judged.

    Attributes:
        log_date: the one.
        before: the log dates of the baseline that are published.
        published: every log date of the lake up to `log_date`.
        segments: how many the raw log has for it.
        broken: what of the log date is not as it was sealed, by places and sizes.
        volumes: VOLUMES of `log_date` and `before`.
        faults: FAULTS of the same.
        known: KEYS, and the `count` that log dates before the baseline have of them; read only for what is
            not known by the baseline already.
    """

    log_date: str
    before: tuple[str, ...]
    published: frozenset[str]
    segments: int
    volumes: pl.DataFrame
    faults: pl.DataFrame
    known: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=KNOWN))
    broken: tuple[Broken, ...] = ()


class Reader:
    """Reads the facts of log dates, in ascending order; what two of them share is read once.

    Args:
        lake: where both tables are published.
        log: asked for segments' names and sizes, and for seals.
        baseline: log dates before the one that is judged.
        minimum: earlier events that make a fingerprint a known one.
        log_dates: the ones that will be read, so that their seals are looked at in one go.
    """

    def __init__(
        self, lake: Lake, log: RawLog, baseline: int, minimum: int, log_dates: Sequence[str]
    ) -> None:
        self._lake, self._log, self._baseline, self._minimum = lake, log, baseline, minimum
        both = (set(lake.log_dates(asset)) for asset in ("valid_events", "quarantined_events"))
        self._published = sorted(set.intersection(*both))
        self._counted: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {}
        self._known = pl.DataFrame(schema=KNOWN)
        self._folded: set[str] = set()
        self._to_read = log_dates

    @property
    def newest(self) -> str | None:
        """The lake's newest log date."""
        return self._published[-1] if self._published else None

    def read(self, log_date: str) -> Facts:
        """The facts of one log date; of one that is not published, those of its baseline."""
        start = (dt.date.fromisoformat(log_date) - dt.timedelta(days=self._baseline)).isoformat()
        there = [date for date in self._published if date <= log_date]
        window = [date for date in there if date >= start]
        self._counted = {d: self._counted.get(d) or self._count(d) for d in window}
        volumes = pl.concat([pl.DataFrame(schema=VOLUMES), *(v for v, _ in self._counted.values())])
        faults = pl.concat([pl.DataFrame(schema=FAULTS), *(f for _, f in self._counted.values())])
        return Facts(
            log_date,
            tuple(date for date in window if date != log_date),
            frozenset(there),
            len(self._log.segments(log_date)),
            volumes,
            faults,
            self._earlier(faults, log_date, [date for date in there if date < start]),
            tuple(one for one in self._broken if one.log_date == log_date),
        )

    @cached_property
    def _broken(self) -> list[Broken]:
        """All that is broken of the log dates to read; looked at if one of them is."""
        first, last = (dt.date.fromisoformat(end) for end in (min(self._to_read), max(self._to_read)))
        # The day that is not closed yet only matters to what has no seal, which is not looked at here.
        return verify(self._log, last + dt.timedelta(days=1), first, last, choice=nothing).broken

    def _count(self, log_date: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        valid = pl.scan_parquet(self._lake.object("valid_events", log_date))
        bad = pl.scan_parquet(self._lake.object("quarantined_events", log_date))
        return volumes(valid, bad, log_date), faults(bad, log_date)

    def _earlier(self, faults: pl.DataFrame, log_date: str, older: list[str]) -> pl.DataFrame:
        """What log dates before the baseline have: read only if something is new to the baseline."""
        today = faults.filter(pl.col("log_date") == log_date, pl.col("count") >= self._minimum)
        lately = together([faults.filter(pl.col("log_date") < log_date)])
        known = lately.filter(pl.col("count") >= self._minimum)
        if not today.join(known, on=KEYS, how="anti", nulls_equal=True).is_empty():
            unread = [date for date in older if date not in self._folded]
            self._known = together([self._known, *map(self._faults, unread)])
            self._folded.update(unread)
        return self._known.join(today, on=KEYS, how="semi", nulls_equal=True)

    def _faults(self, log_date: str) -> pl.DataFrame:
        return faults(pl.scan_parquet(self._lake.object("quarantined_events", log_date)), log_date)
