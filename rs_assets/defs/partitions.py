"""The one partitions definition of the graph: log dates, UTC days of receipt.

A job cannot mix two definitions, so models are partitioned like everything else. Backfills are single runs:
a run loops over its log dates itself, with the memory of one of them.

Every dependency but one is on the same date, also that of a training set, which reads the dates before its
cut. A backfill finds what to ask for by mapping dates through dependencies: declared as a window of dates, the
training sets of the five weeks *after* the range would be asked for, and those of the range would not.
"""

from __future__ import annotations

import datetime as dt

import dagster as dg

from rs_assets.log import RawLog

SINGLE_RUN = dg.BackfillPolicy.single_run()

OWN_PREVIOUS_DATE = dg.TimeWindowPartitionMapping(
    start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True
)
"""session_events goes on with the sessions that its own previous date left open."""


def log_dates(log: RawLog, first: str | None = None) -> dg.DailyPartitionsDefinition:
    """Every UTC day from the first log date (found, or given) to yesterday: today's is not closed yet."""
    found = first or next(iter(log.log_dates()), None)
    yesterday = (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)).isoformat()
    return dg.DailyPartitionsDefinition(start_date=found or yesterday, timezone="UTC")
