"""The raw log as the graph sees it: observed, never written. Dagster concept: observable source asset."""

import dagster as dg

from rs_assets.defs.resources import LogResource
from rs_assets.log.digests import log_date_digest


def raw_events(partitions: dg.PartitionsDefinition) -> dg.SourceAsset:
    """The observable source asset `raw_events`."""

    @dg.observable_source_asset(
        name="raw_events",
        partitions_def=partitions,
        group_name="log",
        description=(
            "The raw log: every request as it was received, by site and log date (UTC day of receipt). "
            "Immutable; the graph reads it and never writes it. A partition's data version is a digest of its "
            "segments, so only a log date that changed makes anything stale."
        ),
        tags={"rs_assets/layer": "log"},
    )
    def observe(context: dg.OpExecutionContext, log: LogResource) -> dg.DataVersionsByPartition:
        raw = log.open()
        known = set(partitions.get_partition_keys())
        dates = [log_date for log_date in raw.log_dates() if log_date in known]
        context.log.info(f"raw_events: {len(dates)} log dates of {len(raw.sites())} sites")
        return dg.DataVersionsByPartition({log_date: log_date_digest(raw, log_date) for log_date in dates})

    return observe
