"""Which runs a replay is made of.

Belongs here: from a range of log dates to chunks of it. Does not belong here: launching them.
"""

from __future__ import annotations

import datetime as dt

from rs_assets.errors import UserError
from rs_assets.log import RawLog

CHUNK_DATES = 100
"""Log dates a run: Dagster writes an event for each asset and date, and longer runs gain nothing."""


def plan(
    log: RawLog, first: dt.date | None, last: dt.date | None, today: dt.date, begin: str | None = None
) -> list[list[str]]:
    """The runs of a replay, in order, as lists of consecutive log dates without a gap.

    A log date on which nobody received anything is replayed too: it closes the sessions left open before it.

    Args:
        first: the first log date; the log's first by default.
        last: the last one; the log's last closed one by default.
        today: the UTC day that is not closed yet.
        begin: where the partitions begin, if later than the log.

    Raises:
        UserError: the log is empty, or the range is no range of closed log dates.
    """
    log.require()
    found = [log_date for log_date in log.log_dates() if (begin or "") <= log_date < today.isoformat()]
    if not found:
        raise UserError(
            f"The raw log at {log.root} has no closed log date yet.",
            "Write one with `rs-assets generate` or `rs-assets import`; today's log date closes at midnight UTC.",
        )
    start, end = str(first or found[0]), str(last or found[-1])
    if start > end:
        raise UserError(
            f"The range from {start} to {end} is empty.", f"The log has {found[0]} to {found[-1]}."
        )
    if start < found[0] or end >= today.isoformat():
        raise UserError(
            f"The range from {start} to {end} goes beyond the closed log dates.",
            f"The log begins on {found[0]}; the last closed log date is {today - dt.timedelta(days=1)}.",
        )
    days = (dt.date.fromisoformat(end) - dt.date.fromisoformat(start)).days + 1
    dates = [(dt.date.fromisoformat(start) + dt.timedelta(days=n)).isoformat() for n in range(days)]
    return [dates[n : n + CHUNK_DATES] for n in range(0, days, CHUNK_DATES)]
