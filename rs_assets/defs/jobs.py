"""Jobs and their schedules. Dagster concepts: asset jobs, partitioned schedules.

`replay_job` with a range of log dates (tags `dagster/asset_partition_range_start` and `…_end`) is one run in
which every asset is one step that loops over the dates. Never backfill a job with one run a date: it would
train a model for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

DAILY_HOURS = 3
"""How long the daily run may take until an asset counts as late."""


@dataclass(frozen=True)
class Jobs:
    """The jobs and schedules of the graph."""

    jobs: tuple[dg.UnresolvedAssetJobDefinition, ...]
    schedules: tuple[dg.ScheduleDefinition | dg.UnresolvedPartitionedAssetScheduleDefinition, ...]


def jobs(partitions: dg.PartitionsDefinition, daily_at: tuple[int, int]) -> Jobs:
    """All of them.

    Args:
        partitions: the log dates.
        daily_at: hour and minute, UTC, when the daily run starts.
    """
    hour, minute = daily_at
    # box_report is made of runs, not of the log.
    every = dg.AssetSelection.all(include_sources=False) - dg.AssetSelection.assets("box_report")
    replay = dg.define_asset_job(
        "replay_job",
        selection=every,
        partitions_def=partitions,
        description="Rebuild every asset from the raw log over a range of log dates: one run, each asset one step.",
    )
    daily = dg.define_asset_job(
        "daily_job",
        selection=every,
        partitions_def=partitions,
        description="Yesterday's log date through the whole graph.",
    )
    observe = dg.define_asset_job(
        "observe_job",
        selection=dg.AssetSelection.assets("raw_events"),
        description="Look at the raw log: which log dates it has, and the digest of each.",
    )
    schedules = (
        dg.build_schedule_from_partitioned_job(
            daily,
            name="daily",
            hour_of_day=hour,
            minute_of_hour=minute,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"At {hour:02}:{minute:02} UTC, when yesterday's log date has closed everywhere.",
        ),
        dg.ScheduleDefinition(
            name="observe",
            job=observe,
            cron_schedule="30 0 * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="At 00:30 UTC, before the daily run.",
        ),
    )
    return Jobs((replay, daily, observe), schedules)
