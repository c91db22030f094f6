"""The raw log as the graph sees it: observed, never written. Dagster concepts: observable source asset, asset check.

Belongs here: the declarations. Does not belong here: what a data version is, or whether a seal holds
(`rs_assets.log`). Sealing is the command line's; nothing of the graph can.
"""

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.pages import PERSONAL, references
from rs_assets.defs.resources import LogResource
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.log.seals import Broken

BOX = Box(cpu=1, memory_gib=1)
SHOWN = 20
"""Differences that the check's page names; `rs-assets verify` names all."""


def raw_events(partitions: dg.PartitionsDefinition, settings: Settings) -> dg.SourceAsset:
    """The observable source asset `raw_events`."""

    @dg.observable_source_asset(
        name="raw_events",
        partitions_def=partitions,
        group_name="log",
        description=(
            "The raw log: every request as it was received, by site and log date (UTC day of receipt). "
            "Immutable; the graph reads it and never writes it. A partition's data version is a digest of its "
            "segments, from its seal where that holds, so only a log date that changed makes anything stale."
        ),
        metadata={"dagster/uri": settings.raw_log, **references(_here(), "raw_events", "log")},
        tags={**PERSONAL, "dagster/kind/json": ""},
    )
    def observe(context: dg.OpExecutionContext, log: LogResource) -> dg.DataVersionsByPartition:
        from rs_assets.log.seals import data_versions

        raw = log.open()
        known = set(partitions.get_partition_keys())
        dates = [log_date for log_date in raw.log_dates() if log_date in known]
        context.log.info(f"raw_events: {len(dates)} log dates of {len(raw.sites())} sites")
        return dg.DataVersionsByPartition(data_versions(raw, dates, _today()))

    return observe


def _here() -> dg.LocalFileCodeReference:
    line = raw_events.__code__.co_firstlineno
    return dg.LocalFileCodeReference(file_path=__file__, line_number=line, label="raw.py")


def raw_events_seal(partitions: dg.PartitionsDefinition, settings: Settings) -> dg.AssetChecksDefinition:
    """The check `seal` of `raw_events`: one result over all log dates, by place and size of every segment.

    A result a log date would write an event for each at every observation; the differences name theirs. Alerts are
    said from here, too: no run of `alerts` looks at log dates of long ago again.
    """

    @dg.asset_check(
        asset="raw_events",
        name="seal",
        description="What is sealed has its segments, with their sizes, and the chain of seals is whole.",
        op_tags=BOX.op_tags(),
    )
    def seal(context: dg.AssetCheckExecutionContext, log: LogResource) -> dg.AssetCheckResult:
        from rs_assets.log.seals import nothing, verify
        from rs_assets.visible import visible

        first = min(partitions.get_partition_keys(), default=None)
        start = dt.date.fromisoformat(first) if first else None
        found = verify(log.open(), _today(), start, choice=nothing)
        told = _tell(context, settings, found.broken)
        differences = [visible(str(broken)) for broken in found.broken[:SHOWN]]
        return dg.AssetCheckResult(
            passed=not found.broken,
            severity=dg.AssetCheckSeverity.ERROR,
            description=differences[0] if differences else None,
            metadata={
                "sealed_log_dates": len(found.seals),
                "closed_log_dates_without_a_seal": len(found.unsealed),
                "segments": found.segments,
                "bytes": found.size,
                "head": found.head.digest if found.head else "nothing is sealed",
                "broken": len(found.broken),
                "alerts": told,
                **({"differences": "\n".join(differences)} if differences else {}),
            },
        )

    return seal


def _tell(context: dg.AssetCheckExecutionContext, settings: Settings, broken: "list[Broken]") -> str:
    """Say which seals are broken and which no longer are; in words, what came of it. It cannot fail the check."""
    try:
        from rs_assets.alerts import Rule, broken_seals, load_rules_or_defaults
        from rs_assets.defs.alerts import desk_of

        rules, trouble = load_rules_or_defaults(settings.alert_rules)
        desk = desk_of(settings, rules)
        notices = desk.tell_all(Rule.SEAL_BROKEN, broken_seals(rules, broken))
        for notice in notices:
            context.log.warning(f"{notice.title} {notice.alert.place} {notice.alert.command}")
        waiting = desk.deliver().waiting
    except Exception as problem:  # the seals are what the check is about
        context.log.exception("What is broken could not be said.")
        return f"{type(problem).__name__}: {problem}"
    return trouble or f"{len(notices)} new, {waiting} undelivered"


def _today() -> dt.date:
    """The UTC day that is not closed yet: where the log may still grow."""
    return dt.datetime.now(dt.UTC).date()
