"""The data: can the raw log, the lake, the decisions log and the alert rules be read?

Belongs here: whether they open. Does not belong here: whether each byte is as it was sealed (`rs-assets verify`) or
published (`rs-assets receipt check`), which takes as long as reading everything.
"""

from __future__ import annotations

import datetime as dt
import os
from functools import partial

from rs_assets.cli.doctor.findings import Finding, examined
from rs_assets.cli.output import place, plural
from rs_assets.settings import Settings

NAMED = 3
"""Damaged objects that are named; the rest is counted."""


def examine(settings: Settings) -> list[Finding]:
    """Everything of this module."""
    return [
        *examined("raw log", lambda: raw_log(settings)),
        *examined("seals", lambda: seals(settings)),
        *examined("lake", lambda: lake(settings.lake)),
        *examined("decisions", lambda: decisions(settings.decisions)),
        *examined("alert rules", lambda: alert_rules(settings.alert_rules)),
        *examined("alerts", lambda: delivery(settings)),
    ]


def raw_log(settings: Settings) -> Finding:
    """Whether the log is there and the segments of its newest log date can be read to their ends."""
    from rs_assets.log import RawLog
    from rs_assets.log.blocks import read_batches

    log = RawLog(settings.raw_log)
    log.require()
    dates = log.log_dates()
    if not dates:
        mend = "Point a collector at it, or use `rs-assets import` or `rs-assets generate`."
        return Finding("raw log", "note", f"{place(settings.raw_log)} holds no log date.", mend)
    for batch in read_batches(log, dates[-1]):
        for damage in batch.damage:
            found = f"{batch.segments[damage.segment].place} breaks off: {damage.problem}."
            mend = "What can be read of it is used; fetch it again from its source."
            return Finding("raw log", "note", found, mend)
    return Finding(
        "raw log", "fine", f"{place(settings.raw_log)}, {plural(len(dates), 'log date')} to {dates[-1]}"
    )


def seals(settings: Settings) -> list[Finding]:
    """Whether what is sealed has its segments, with their sizes; their bytes are not read."""
    from rs_assets.log import RawLog
    from rs_assets.log.seals import nothing, verify

    log = RawLog(settings.raw_log)
    if not log.log_dates():
        return []
    found = verify(log, dt.datetime.now(dt.UTC).date(), choice=nothing)
    if found.broken:
        more = f"; and {len(found.broken) - 1:,} more" if len(found.broken) > 1 else ""
        mend = "`rs-assets verify` names all; put them back as they were sealed, from a backup."
        return [Finding("seals", "problem", f"{found.broken[0]}{more}", mend)]
    return [Finding("seals", "fine", f"{plural(len(found.seals), 'log date')} sealed, all of that size")]


def lake(root: str) -> list[Finding]:
    """Each environment: whether it is one, and whether every object of it is there and opens."""
    found = []
    for name in _environments(root):
        found += examined(f"lake: {name}", partial(environment, root, name))
    return found or [
        Finding("lake", "note", f"Nothing is published in {place(root)}.", "Run `rs-assets replay`.")
    ]


def environment(root: str, name: str) -> Finding:
    """One environment of the lake."""
    import pyarrow.parquet as pq

    from rs_assets.lake import Lake, records
    from rs_assets.lake.records import PART

    of, thing = Lake(root, name), f"lake: {name}"
    objects = [(asset, log_date) for asset in of.own_assets() for log_date in of.own_log_dates(asset)]
    damaged = []
    for asset, log_date in objects:
        folder = of.own(asset, log_date) or ""
        try:
            files = records.read(os.path.join(folder, records.NAME)).files
            if missing := [file for file in files if not os.path.isfile(os.path.join(folder, file))]:
                damaged.append((asset, log_date, f"{missing[0]} is missing"))
            elif PART in files:
                pq.read_metadata(os.path.join(folder, PART))
        except records.UNREADABLE as problem:
            damaged.append((asset, log_date, str(problem).splitlines()[0]))
    if not damaged:
        return Finding(
            thing, "fine", f"{plural(len(objects), 'object')} of {plural(len(of.own_assets()), 'asset')}"
        )
    named = "; ".join(f"{asset} of {log_date}: {why}" for asset, log_date, why in damaged[:NAMED])
    more = f"; and {len(damaged) - NAMED} more" if len(damaged) > NAMED else ""
    first, last = min(d for _, d, _ in damaged), max(d for _, d, _ in damaged)
    mend = f"Rebuild them: `rs-assets replay --from {first} --to {last} --environment {name}`."
    return Finding(thing, "problem", f"Damaged: {named}{more}.", mend)


def decisions(path: str) -> Finding:
    """Whether every line of the decisions log is a decision."""
    from rs_assets.models.promotion.decisions import Decisions

    if not os.path.exists(path):
        return Finding("decisions", "fine", "none yet")
    return Finding(
        "decisions", "fine", f"{place(path)}, {plural(len(Decisions.read(path).made), 'decision')}"
    )


def alert_rules(path: str | None) -> Finding:
    """Whether the alert rules can be one's own."""
    from rs_assets.alerts.rules import load_rules

    load_rules(path)
    return Finding("alert rules", "fine", place(path) if path else "the defaults")


def _environments(root: str) -> list[str]:
    """Every name that stands where an environment does, whether it is one or not."""
    if not os.path.isdir(root):
        return []
    return sorted(entry.name for entry in os.scandir(root) if not entry.name.startswith((".", "_")))


def delivery(settings: Settings) -> list[Finding]:
    """Whether messages of alerts wait because those to be told could not be reached."""
    from rs_assets.cli.status.upkeep import undelivered

    left = undelivered(settings)
    if left is None:
        return []
    mend = "Look at RS_ALERT_URLS and the network from here; the sensor `alert_delivery` tries again each minute."
    return [
        Finding("alerts", "note", f"{plural(left.messages, 'message')} not delivered: {left.problem}", mend)
    ]
