"""The report's tables as Markdown, for Dagster's pages.

Belongs here: their columns. Does not belong here: how a table is written (`markup`).
"""

from __future__ import annotations

from rs_assets.contract.report.counted import Group
from rs_assets.contract.report.dated import Dated, Kind, groups
from rs_assets.contract.report.page import meaning
from rs_assets.pages.markup import percent, short, table


def by_reason(dated: Dated) -> str:
    """Reason, what it means, events, a day before."""
    rows = [
        (f"{group.name}: {meaning(group.name)}", f"{group.quarantined:,}", _before(dated, "reason", group))
        for group in dated.day.by_reason
    ]
    return table(("reason", "events", "a day before"), rows)


def by_site(dated: Dated) -> str:
    """Site, events, received, rate, a day before."""
    return _rated(dated, "site")


def by_event_name(dated: Dated) -> str:
    """Event name, events, received, rate, a day before."""
    return _rated(dated, "event_name")


def _rated(dated: Dated, kind: Kind) -> str:
    rows = [
        (
            "(not readable)" if group.name is None else short(group.name),
            f"{group.quarantined:,}",
            f"{group.events or 0:,}",
            percent(group.rate),
            _before(dated, kind, group),
        )
        for group in groups(dated.day, kind)
    ]
    return table((kind.replace("_", " "), "events", "received", "rate", "a day before"), rows)


def _before(dated: Dated, kind: Kind, group: Group) -> str:
    mean = dated.mean_before(kind, group.name)
    return "-" if mean is None else f"{mean:,.1f}"
