"""Making the log: log date by log date, site by site.

Belongs here: the order of the work and its refusals. Does not belong here: any of the work.

Memory holds the events that are on their way to the log dates at hand (a late session takes up to three
days, a long one half a day more), and the text of `_LINES_AT_ONCE` lines with the segment they go to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import fsspec
import numpy as np
import polars as pl

from rs_assets.errors import UserError
from rs_assets.log.generator import behaviour, draws
from rs_assets.log.generator.delivery import deliver
from rs_assets.log.generator.faults import FAULTS
from rs_assets.log.generator.lines import Segments, Written, lines
from rs_assets.log.generator.plan import Plan, Summary
from rs_assets.log.generator.planting import Quota, plant
from rs_assets.log.generator.requests import requests
from rs_assets.log.generator.sessions import sessions
from rs_assets.log.generator.shapes import shape_of
from rs_assets.log.generator.site import Site
from rs_assets.log.generator.truth import Truth
from rs_assets.log.generator.vocabulary import DAY, Ints
from rs_assets.log.writer import LogWriter

_LINES_AT_ONCE = 16_384


def generate(
    plan: Plan, raw_log: str, truth: str, progress: Callable[[str, int], None] | None = None
) -> Summary:
    """Write a synthetic raw log, and the truth about what is broken in it.

    Args:
        plan: what to write.
        raw_log: root of the raw log, any fsspec path. It may hold other sites and dates; the plan's must be
            free.
        truth: path of the CSV `site,log_date,segment,line,event_index,reason`: a line's number counts from
            1, an event's from 0, and it is empty where the whole line is at fault. Not within the raw log.
        progress: called after each log date with it and the number of events written so far.

    Raises:
        UserError: if the plan makes no sense, or the log already holds some of it. Nothing is written then.
    """
    plan.require_sense()
    writer = LogWriter(raw_log, plan.codec)
    _require_free(plan, writer, truth)
    start = (plan.start - dt.date(1970, 1, 1)).days * DAY
    counts = [_sessions_by_day(plan, number) for number in range(len(plan.sites))]
    sites = [
        Site.opened(plan.seed, name, number, start, int(counts[number].max()))
        for number, name in enumerate(plan.sites)
    ]
    quota = Quota(plan.broken, tuple(reason for reason in FAULTS if reason in plan.faults))
    found = Truth()
    events = line_count = 0
    written: list[Written] = []
    for day in range(plan.days):
        for site in sites:
            _start_sessions(plan, site, day, start + day * DAY, int(counts[site.number][day]))
            received = site.pending.pop(day, [])
            if not received:
                continue
            rng = draws.stream(plan.seed, site.number, day, draws.PLANTING)
            planted = plant(rng, pl.concat(received), quota, start + (day + 1) * DAY)
            segments = _write(plan, site, day, planted, Segments(writer, site.name, plan.log_date(day)))
            found.add(site.name, plan.log_date(day), planted, segments)
            events, line_count, written = (
                events + len(planted),
                line_count + _lines(planted),
                written + segments,
            )
        if progress is not None:
            progress(plan.log_date(day), events)
    found.write(truth)
    reasons = found.by_reason()
    size = sum(segment.size for segment in written)
    return Summary(events, line_count, sum(reasons.values()), reasons, len(written), size)


def _require_free(plan: Plan, writer: LogWriter, truth: str) -> None:
    fs, path = fsspec.url_to_fs(truth)
    _, root = fsspec.url_to_fs(writer.log.root)
    if fs == writer.fs and path.startswith(root.rstrip("/") + "/"):
        raise UserError(
            f"The truth would lie within the raw log, at {truth}.",
            "Give it a path elsewhere: the log holds only what was received.",
        )
    log_dates = [plan.log_date(day) for day in range(plan.days)]
    writer.require_open(log_dates)
    for found in writer.log.segments_by_date(log_dates).values():
        for segment in found:
            if segment.site in plan.sites:
                raise UserError(
                    f"The raw log already holds {segment.place}.",
                    "It is never overwritten: choose another folder, other sites or another start.",
                )


def _sessions_by_day(plan: Plan, site: int) -> Ints:
    """How many sessions start on each day at a site; the rest of a division is carried to the next day."""
    shares = [shape_of(number).share for number in range(len(plan.sites))]
    total = plan.events * shares[site] / sum(shares) / behaviour.EVENTS_A_SESSION
    days = np.array([behaviour.WEEKDAYS[(plan.start.weekday() + day) % 7] for day in range(plan.days)])
    upto = np.floor(total * np.cumsum(days) / days.sum() + 0.5).astype(np.int64)
    counts: Ints = np.diff(upto, prepend=0)
    return counts


def _start_sessions(plan: Plan, site: Site, day: int, day_start: int, count: int) -> None:
    """The sessions that start on a day, put by where their events will be received."""
    if count == 0:
        return
    weekday = (plan.start.weekday() + day) % 7
    started = sessions(
        draws.stream(plan.seed, site.number, day, draws.SESSIONS), site, day_start, weekday, count
    )
    rng = draws.stream(plan.seed, site.number, day, draws.DELIVERY)
    sent = deliver(rng, started, site.shape.batch, plan.late).with_columns(
        pl.col("request") + (day << 36), day=(pl.col("received") - (day_start - day * DAY)) // DAY
    )
    for (received_on,), part in sent.partition_by("day", as_dict=True, include_key=False).items():
        site.pending.setdefault(int(received_on), []).append(part)


def _write(plan: Plan, site: Site, day: int, events: pl.DataFrame, segments: Segments) -> list[Written]:
    for part in _whole_lines(events):
        table = requests(plan.seed, site, day, part)
        segments.add(lines(table), len(table))
    return segments.finish()


def _whole_lines(events: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The events of `_LINES_AT_ONCE` lines at a time."""
    line = events["line"].to_numpy()
    edges = np.searchsorted(line, np.arange(0, _lines(events), _LINES_AT_ONCE))
    for low, high in zip(edges, [*edges[1:], len(line)], strict=True):
        yield events[int(low) : int(high)]


def _lines(events: pl.DataFrame) -> int:
    return int(events["line"][-1]) + 1
