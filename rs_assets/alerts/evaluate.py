"""The rules on one log date: tables in, alerts out. The same lake gives the same alerts, whenever it is asked.

Belongs here: what fires on a log date, and what no longer does. Does not belong here: single rules (`about_…`),
reading tables (`facts`), or what was said before (`notices`).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from rs_assets.alerts.about_absence import missing, silent
from rs_assets.alerts.about_quarantine import all_bad, new_fingerprints, quarantine_rates
from rs_assets.alerts.about_seals import broken_seals
from rs_assets.alerts.alert import Alert, Rule, fingerprint
from rs_assets.alerts.counts import KEYS
from rs_assets.alerts.facts import Facts
from rs_assets.alerts.rules import Rules


@dataclass(frozen=True)
class Evaluation:
    """What fires on a log date.

    Attributes:
        log_date: the one.
        alerts: sorted by fingerprint.
        published: the log dates that are.
        heard: fingerprints of silence that cannot be, since there were events.
        broken: fingerprints of faults that the log date has, new or not.
    """

    log_date: str
    alerts: tuple[Alert, ...]
    published: frozenset[str] = frozenset()
    heard: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()

    def is_over(self, of: str) -> bool:
        """Whether what an alert with this fingerprint said, on this log date or before, has ended.

        What was new is over when it does not happen any more, not when it is no longer new; a silence when
        something is heard.
        """
        rule = of.partition("/")[0]
        if rule == Rule.SEAL_BROKEN and of.rpartition("/")[2] != self.log_date:
            return False  # of another log date: that one is asked
        if any(alert.fingerprint == of for alert in self.alerts) or rule == Rule.RUN_FAILED:
            return False
        if rule == Rule.SILENT:
            return of in self.heard
        if rule == Rule.NEW_FINGERPRINT:
            return of not in self.broken
        if rule == Rule.LOG_DATE_MISSING and (date := of.rpartition("/")[2]) != "received":
            return date in self.published
        return True


def evaluate(rules: Rules, facts: Facts) -> Evaluation:
    """Every rule on one log date."""
    alerts = [*missing(rules, facts), *broken_seals(rules, facts.broken)]
    if facts.log_date not in facts.published:
        return Evaluation(facts.log_date, tuple(alerts), facts.published)
    today = facts.volumes.filter(pl.col("log_date") == facts.log_date)
    lost = list(all_bad(rules, facts))
    hopeless = {alert.site for alert in lost}
    alerts += lost
    alerts += [alert for alert in quarantine_rates(rules, facts) if alert.site not in hopeless]
    alerts += new_fingerprints(rules, facts)
    alerts += silent(rules, facts)
    broken = facts.faults.filter(pl.col("log_date") == facts.log_date).select(KEYS)
    return Evaluation(
        facts.log_date,
        tuple(sorted(alerts, key=lambda alert: alert.fingerprint)),
        facts.published,
        frozenset(fingerprint(Rule.SILENT, *row) for row in today.select("site", "event_name").iter_rows())
        | {fingerprint(Rule.SILENT, site) for site in today["site"].unique()},
        frozenset(fingerprint(Rule.NEW_FINGERPRINT, *row) for row in broken.iter_rows()),
    )
