"""What `rs-assets replay --stale` would rebuild, and why.

Belongs here: asking, and what it costs to ask: the graph is loaded, records are read, and no more bytes of the log
than take a second. Does not belong here: judging (`rs_assets.replay.stale`), or the page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from rs_assets.errors import UserError
from rs_assets.extending.dbt import dbt_folders, our_dbt
from rs_assets.lake import Lake
from rs_assets.lake.lineage import Lineage
from rs_assets.log import RawLog
from rs_assets.replay.stale import Group
from rs_assets.settings import Settings

READ_AT_MOST = 500_000_000
"""Bytes of log dates without a seal that are read to see whether they have changed; sealed ones need no reading."""


@dataclass(frozen=True)
class Staleness:
    """What is stale among the closed log dates.

    Attributes:
        groups: objects that are stale for one reason, asset by asset; a reason `it reads …` may come to nothing.
        unread: log dates whose bytes were too many to be read, so that a change of them is not told.
        unknown: why nothing is known; None where it is.
        graph: the assets that there are; none where that is not known. The lake keeps others, of earlier code.
    """

    groups: list[Group] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unknown: str | None = None
    graph: list[str] = field(default_factory=list)


def staleness(
    settings: Settings, lake: Lake, log: RawLog, unsealed: Sequence[str], today: dt.date
) -> Staleness:
    """Compare what every object was made of with what it would be made of now; nothing is run.

    Args:
        settings: of the environment.
        lake: its lake.
        log: its raw log.
        unsealed: its closed log dates that have no seal.
        today: not closed yet.
    """
    if not our_dbt(settings.home).manifest.exists():
        return Staleness(unknown="dbt's manifest is not in this home yet; a replay prepares it")
    from rs_assets.replay import plan
    from rs_assets.replay.stale import find, grouped

    unread = _too_much(log, unsealed)
    try:
        lineage = _lineage(settings)
        lineage.unread = frozenset(unread)
        runs = plan(log, None, None, today, settings.first_log_date)
        found = find(lake, lineage, [day for run in runs for day in run])
        return Staleness(grouped(found), unread, graph=sorted(lineage.code))
    except UserError as problem:
        return Staleness(unknown=problem.what)


def _too_much(log: RawLog, unsealed: Sequence[str]) -> list[str]:
    """The log dates without a seal that are left unread: the newest ones are read, as far as the bytes allow."""
    left, size = READ_AT_MOST, {}
    for log_date, segments in log.segments_by_date(unsealed).items():
        size[log_date] = sum(segment.size for segment in segments)
    unread = []
    for log_date in sorted(size, reverse=True):
        left -= size[log_date]
        if left < 0:
            unread.append(log_date)
    return sorted(unread)


def _lineage(settings: Settings) -> Lineage:
    """Where objects come from by the code as it is; dbt's part of it is read again if it has changed."""
    from rs_assets.defs import launch
    from rs_assets.transform.manifest import is_fresh, prepare

    for project in dbt_folders(settings.home):
        if not is_fresh(project):
            prepare(project)
    return launch.lineage(settings)
