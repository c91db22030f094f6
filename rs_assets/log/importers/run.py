"""An import: a source becomes segments of the raw log, whatever its format, whole or not at all.

Belongs here: the order of an import's work, the shift, segments, and never to write over a log. Does not
belong here: finding lines (`source`), what they say (the importers), or what becomes of them (`requests`).

The source is read twice: once for its log dates, since the shift, the refusal and the time of an unreadable
first line depend on lines further down, and once to write. Memory is that of a block of lines.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.log import envelope
from rs_assets.log.importers.importer import Importer
from rs_assets.log.importers.requests import readable, requests
from rs_assets.log.importers.source import Source, find
from rs_assets.log.writer import LogWriter

Progress = Callable[[int, int], None]
"""Called with the lines written so far and the lines in all."""


@dataclass(frozen=True)
class Imported:
    """What an import did. Neither headers nor blank lines count as `lines`; the log dates are as written.

    `unreadable` is the number of requests that stand in the log as text, `segments` that of the files.
    """

    site: str
    lines: int
    requests: int
    unreadable: int
    first_log_date: dt.date
    last_log_date: dt.date
    segments: int
    shift_days: int


def run(
    importer: Importer,
    source: str,
    writer: LogWriter,
    *,
    site: str,
    shift_to: dt.date | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Import `source`: all of it or, if anything stops it short of a kill, nothing."""
    files = find(importer, source)
    lines, first_time, dates = _survey(importer, files, source)
    shift = shift_to - dates[0] if shift_to else dt.timedelta()
    try:
        dates = [date + shift for date in dates]
    except OverflowError:
        what = f"Shifted so that it begins on {shift_to}, {source} would go on beyond the year 9999."
        raise UserError(what, "Choose an earlier date.") from None
    _refuse_taken(writer, site, dates)

    report = progress or (lambda done, of: None)
    report(0, lines)
    last = first_time + shift
    done = written = unreadable = 0
    with _whole_or_nothing(writer) as paths:
        for block in files.blocks(importer.header):
            rows = requests(importer, block, site=site, shift=shift, last=last, files=len(files.paths))
            if rows.height:
                last = rows.item(-1, "received_at")
            in_order = rows.sort("received_at", maintain_order=True)
            for part in in_order.partition_by("log_date", maintain_order=True):
                date = part.item(0, "log_date").isoformat()
                paths.append(writer.write(site, date, envelope.lines(part)))
            done += block.height
            written += rows.height
            unreadable += rows.get_column("body").null_count()
            report(done, lines)
    return Imported(site, lines, written, unreadable, dates[0], dates[-1], len(paths), shift.days)


def _survey(importer: Importer, files: Source, source: str) -> tuple[int, dt.datetime, list[dt.date]]:
    """The number of lines, the time of the first that can be read, and every log date."""
    lines, first_time, dates = 0, None, set[dt.date]()
    for block in files.blocks(importer.header):
        lines += block.height
        times = readable(importer, block).get_column("event_time")
        if times.len():
            first_time = first_time or times.item(0)
            dates.update(times.dt.date().unique().to_list())
    if first_time is None:
        raise UserError(
            f"The importer {importer.name} can read none of the {lines} lines of {source}.",
            f"It expects: {importer.description}.",
        )
    return lines, first_time, sorted(dates)


def _refuse_taken(writer: LogWriter, site: str, dates: list[dt.date]) -> None:
    writer.require_open(map(str, dates))
    there = writer.log.segments_by_date(map(str, dates))
    taken = [log_date for log_date, found in there.items() if any(s.site == site for s in found)]
    if taken:
        raise UserError(
            f"The raw log at {writer.log.root} already holds segments of site {site} on {len(taken)} of the "
            f"{len(dates)} log dates to import, the first of them {taken[0]}; nothing was imported.",
            "A raw log is never written over: choose another --site, or remove its folders "
            f"(site={site}/log_date={taken[0]}{', …' if len(taken) > 1 else ''}) yourself.",
        )


@contextlib.contextmanager
def _whole_or_nothing(writer: LogWriter) -> Iterator[list[str]]:
    """Collects the paths of the segments written; takes them away again when the import does not end well."""
    paths: list[str] = []
    try:
        yield paths
    except BaseException:
        for path in paths:
            writer.withdraw(path)
        raise
