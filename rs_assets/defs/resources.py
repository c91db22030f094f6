"""Resources: where the log and the lake are. Dagster concept: configurable resources.

`Log` has no way to write the raw log; that is the point of it.
"""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.settings import Settings


class LogResource(dg.ConfigurableResource):
    """The raw log, read-only; `sites` are those that may send, all if there are none."""

    root: str
    sites: list[str] = Field(default=[])

    def open(self) -> RawLog:
        """The log. Raises a UserError if there is none."""
        log = RawLog(self.root, frozenset(self.sites))
        log.require()
        return log


class LakeResource(dg.ConfigurableResource):
    """The lake's environment that assets read and publish, and where stands what its objects are made of."""

    root: str
    environment: str
    raw_log: str
    home: str
    decisions: str = ""
    alert_rules: str | None = None

    def open(self) -> Lake:
        """The lake."""
        return Lake(self.root, self.environment)


def lake_of(settings: Settings) -> LakeResource:
    """The lake that `settings` name."""
    return LakeResource(
        root=settings.lake,
        environment=settings.environment,
        raw_log=settings.raw_log,
        home=settings.home,
        decisions=settings.decisions,
        alert_rules=settings.alert_rules,
    )


def resources(settings: Settings) -> dict[str, object]:
    """All of them, by the names that assets ask for."""
    return {
        "log": LogResource(root=settings.raw_log, sites=sorted(settings.sites)),
        "lake": lake_of(settings),
    }
