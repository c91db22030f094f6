"""The rule about the raw log itself: log dates that are no longer what was sealed.

Belongs here: a pure function to alerts, one a log date. Does not belong here: looking (`rs_assets.log.seals`).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rs_assets.alerts.alert import Alert, Rule, fingerprint
from rs_assets.alerts.rules import Rules
from rs_assets.log.seals import Broken


def broken_seals(rules: Rules, broken: Iterable[Broken]) -> list[Alert]:
    """The alerts of all that is not as it was sealed."""
    if not rules.seal_broken.enabled:
        return []
    by_date = groupby(sorted(broken), key=lambda one: one.log_date)
    return [_alert(log_date, list(found)) for log_date, found in by_date]


def _alert(log_date: str, broken: list[Broken]) -> Alert:
    return Alert(
        Rule.SEAL_BROKEN,
        fingerprint(Rule.SEAL_BROKEN, log_date),
        log_date,
        f"The raw log of {log_date} is not what was sealed.",
        count=len(broken),
        sample=str(broken[0]),
        place=broken[0].place,
        command=f"rs-assets verify --from {log_date} --to {log_date}",
    )
