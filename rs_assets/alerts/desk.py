"""The desk: alerts into the lake, notices out of the house.

Belongs here: the order of things, evaluate, publish, decide, note, deliver; each is done elsewhere. Does not
belong here: Dagster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rs_assets.alerts.alert import Alert, Rule, table
from rs_assets.alerts.deliver import Delivered, deliver
from rs_assets.alerts.evaluate import Evaluation, evaluate
from rs_assets.alerts.facts import Reader
from rs_assets.alerts.ledger import Ledger
from rs_assets.alerts.notices import Notice, State, Statement, decide, over
from rs_assets.alerts.rules import Rules
from rs_assets.lake.lineage import RAW, Read, Reads, days_before
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table
from rs_assets.log import RawLog

ASSET, VALID, QUARANTINED = "alerts", "valid_events", "quarantined_events"


@dataclass(frozen=True)
class Published:
    """What a range came to: evaluations by log date, and the lake's newest log date."""

    evaluations: dict[str, Evaluation]
    newest: str


def reads(rules: Rules) -> Reads:
    """What `alerts` is made of: both tables over the baseline; of older ones, which faults are known."""
    volumes = days_before(VALID, rules.baseline.log_dates)

    def read(log_date: str) -> tuple[Read, ...]:
        return Read(RAW, log_date, log_date), volumes(log_date), Read(QUARANTINED, "", log_date)

    return read


def publish_alerts(
    stage: Stage,
    log: RawLog,
    rules: Rules,
    log_dates: Sequence[str],
    on_date: Callable[[str], None] = lambda log_date: None,
) -> Published:
    """Evaluate log dates, in ascending order, and write `alerts` for each that the stage does not keep."""
    minimum = rules.new_fingerprint.minimum_events
    reader = Reader(stage.lake, log, rules.baseline.log_dates, minimum, log_dates)
    evaluations = {}
    for log_date in stage.pending((ASSET,), log_dates):
        on_date(log_date)
        evaluations[log_date] = found = evaluate(rules, reader.read(log_date))
        write_table(table(found.alerts), stage.path(ASSET, log_date))
        stage.finish(ASSET, log_date)
    return Published(evaluations, reader.newest or log_dates[-1])


@dataclass(frozen=True)
class Desk:
    """Says what is to be said, once.

    Args:
        ledger: what was said.
        rules: of which the section `delivery` is asked.
        environment: the lake's.
        urls: where notices go; none is fine, there are the log and the UI.
    """

    ledger: Ledger
    rules: Rules
    environment: str
    urls: tuple[str, ...]

    @property
    def sends(self) -> bool:
        """Whether notices leave the house at all."""
        return bool(self.urls) and self.environment in self.rules.delivery.environments

    def settle(self, evaluations: Iterable[Evaluation], newest: str) -> list[Notice]:
        """Decide what is to be said of each log date, in ascending order; returns what was said now."""
        new: list[Notice] = []
        with self.ledger.lock("ledger"):
            for evaluation in evaluations:
                said = self.ledger.said()
                notices = decide(evaluation, said, newest, self.rules.delivery.within_log_dates)
                date = evaluation.log_date
                judged = [Statement("", date, State.EVALUATED)] if date > said.newest else []
                self.ledger.say(notices, judged, send=self.sends)
                new += notices
        return new

    def tell(self, alert: Alert) -> list[Notice]:
        """Say one alert that no evaluation found, unless it was said."""
        return self._say(Notice(alert, State.FIRING))

    def tell_all(self, rule: Rule, alerts: Sequence[Alert]) -> list[Notice]:
        """Say what fires of a rule that was judged as a whole, and of what fired before and does not that it is over.

        What is over and fires again is said again.
        """
        with self.ledger.lock("ledger"):
            firing = self.ledger.said().firing()
            fires = {alert.fingerprint for alert in alerts}
            new = [Notice(alert, State.FIRING) for alert in alerts if alert.fingerprint not in firing]
            new += [
                over(fingerprint, since, since)
                for fingerprint, since in sorted(firing.items())
                if fingerprint.partition("/")[0] == rule and fingerprint not in fires
            ]
            self.ledger.say(new, [], send=self.sends)
        return new

    def firing(self) -> dict[str, str]:
        """Fingerprints that were said to fire and are not over, with the log date of the last statement."""
        return self.ledger.said().firing()

    def end(self, fingerprint: str, log_date: str) -> list[Notice]:
        """Say that something is over, if it was said to fire."""
        since = self.firing().get(fingerprint)
        return self._say(over(fingerprint, since, log_date)) if since else []

    def deliver(self) -> Delivered:
        """Send what waits."""
        return deliver(self.ledger, self.urls, self.environment) if self.sends else Delivered()

    def _say(self, notice: Notice) -> list[Notice]:
        with self.ledger.lock("ledger"):
            if self.ledger.said().has(notice.statement):
                return []
            self.ledger.say([notice], [], send=self.sends)
        return [notice]
