"""What a report is made of.

Belongs here: counts, groups and places as dataclasses, which scripts get as JSON. Does not belong here: counting
(`summary`), examples (`samples`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from rs_assets.contract.report.samples import Sample


@dataclass(frozen=True)
class Day:
    """A log date: the events received on it, and those of them that are in question."""

    log_date: dt.date
    events: int
    quarantined: int
    rate: float | None


@dataclass(frozen=True)
class Place:
    """Where an event stands in the raw log; `event_index` is null where the whole line is at fault."""

    log_date: dt.date
    segment: str
    line: int
    event_index: int | None
    site: str


@dataclass(frozen=True)
class Group:
    """The quarantined events with something in common, and the first and last of them in the log.

    Of a site and of an event name all `events` received are known, and the rate.
    """

    name: str | None
    quarantined: int
    first_log_date: dt.date
    last_log_date: dt.date
    first: Place
    last: Place
    by_log_date: dict[dt.date, int]
    events: int | None
    rate: float | None


@dataclass(frozen=True)
class Report:
    """All of it. `event_names` counts the names there are; only the most frequent are listed."""

    first_log_date: dt.date
    last_log_date: dt.date
    events: int
    quarantined: int
    rate: float | None
    by_log_date: list[Day]
    by_reason: list[Group]
    by_site: list[Group]
    by_event_name: list[Group]
    event_names: int
    samples: list[Sample]


def rate(quarantined: int, events: int) -> float | None:
    """The share of events that are quarantined; None where there is no event."""
    return quarantined / events if events else None
