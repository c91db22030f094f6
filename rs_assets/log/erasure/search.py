"""Where erased clients are in a log.

Belongs here: looking through every segment, two at a time. Does not belong here: which lines (`matching`), or what is
done about them (`ordering`, `rewriting`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np

from rs_assets.log.blocks import read_segments
from rs_assets.log.erasure.matching import Matcher
from rs_assets.log.erasure.reading import erased
from rs_assets.log.layout import RawLog, Segment
from rs_assets.log.seals.hashing import Meter, Progress, in_pool

Found = dict[str, dict[str, int]]
"""By log date, how many lines of erased clients each segment holds; those that hold none are left out."""


def search(log: RawLog, matcher: Matcher, progress: Progress | None = None) -> Found:
    """How many lines of these clients each segment of the log holds.

    Raises:
        UserError: a segment cannot be read.
    """
    log.files.refresh()
    segments = [one for of_date in log.segments_by_date(log.log_dates()).values() for one in of_date]
    meter = Meter(sum(segment.size for segment in segments), progress)
    found: Found = {}
    for segment, lines in in_pool(_counted(log, matcher, meter), segments):
        if lines:
            found.setdefault(segment.log_date, {})[segment.place] = lines
    return found


def named_in(log: RawLog, matcher: Matcher, segments: list[Segment]) -> set[tuple[str, str]]:
    """The clients that lines of these segments, of one log date, name, as (kind, digest)."""
    found: set[tuple[str, str]] = set()
    for batch in read_segments(log, segments):
        for k in np.flatnonzero(erased(batch, matcher)).tolist():
            found |= matcher.digests_in(batch.text(k))
        batch.release()
    return found


def open_from(now: dt.datetime) -> str:
    """The first log date that is not over for good."""
    from rs_assets.log.seals.collecting import today

    return str(today(now))


def _counted(log: RawLog, matcher: Matcher, meter: Meter) -> Callable[[Segment], tuple[Segment, int]]:
    def count(segment: Segment) -> tuple[Segment, int]:
        lines = 0
        for batch in read_segments(log, [segment]):
            lines += int(erased(batch, matcher).sum())
            batch.release()
        meter.at(segment.place)(segment.size)
        return segment, lines

    return count
