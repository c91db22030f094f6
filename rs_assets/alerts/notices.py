"""What is to be said: one notice a fingerprint and log date, and one when it is over.

Belongs here: the decision, a pure function of evaluations and of what was said. Does not belong here: keeping
what was said (`ledger`), or sending (`deliver`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rs_assets.alerts.alert import Alert, Rule
from rs_assets.alerts.evaluate import Evaluation


class State(StrEnum):
    """What a statement says of its fingerprint."""

    FIRING = "firing"
    OVER = "over"
    EVALUATED = "evaluated"


@dataclass(frozen=True)
class Statement:
    """A line of the ledger. One that says EVALUATED has no fingerprint: that log date was judged."""

    fingerprint: str
    log_date: str
    state: str

    @property
    def digest(self) -> str:
        """A name for it, safe for a file."""
        text = f"{self.log_date}\n{self.fingerprint}\n{self.state}"
        return f"{self.log_date[:10]}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


@dataclass(frozen=True)
class Said:
    """All statements ever made, in their order."""

    statements: tuple[Statement, ...] = ()
    _made: frozenset[Statement] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_made", frozenset(self.statements))

    @property
    def newest(self) -> str:
        """The newest log date that was evaluated; "" before the first."""
        return max((s.log_date for s in self.statements if s.state == State.EVALUATED), default="")

    def has(self, statement: Statement) -> bool:
        """Whether this was said."""
        return statement in self._made

    def firing(self) -> dict[str, str]:
        """Fingerprints said to fire and not yet said to be over, each with the log date of the last statement."""
        last = {s.fingerprint: s for s in self.statements if s.state != State.EVALUATED}
        return {name: s.log_date for name, s in last.items() if s.state == State.FIRING}


@dataclass(frozen=True)
class Notice:
    """A message: an alert, or that it is over."""

    alert: Alert
    state: State

    @property
    def statement(self) -> Statement:
        """The ledger's line for it."""
        return Statement(self.alert.fingerprint, self.alert.log_date, self.state)

    @property
    def title(self) -> str:
        """One line."""
        return self.alert.what if self.state == State.FIRING else f"Over: {self.alert.fingerprint}"

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Notice:
        """A notice from what `dataclasses.asdict` made of one."""
        alert = Alert(**{**entry["alert"], "rule": Rule(entry["alert"]["rule"])})
        return cls(alert, State(entry["state"]))


def decide(evaluation: Evaluation, said: Said, newest: str, within_log_dates: int) -> list[Notice]:
    """What is to be said of a log date.

    Nothing, if it is older than one that was evaluated before (a replay of the past), or lies further behind the
    lake's newest than `within_log_dates`. Nothing twice.
    """
    date = evaluation.log_date
    behind = (dt.date.fromisoformat(newest) - dt.date.fromisoformat(date)).days
    if date < said.newest or behind > within_log_dates:
        return []
    fires = [Notice(alert, State.FIRING) for alert in evaluation.alerts]
    ends = [
        over(fingerprint, since, date)
        for fingerprint, since in sorted(said.firing().items())
        if since[-10:] <= date and evaluation.is_over(fingerprint)
    ]
    return [notice for notice in (*fires, *ends) if not said.has(notice.statement)]


def over(fingerprint: str, since: str, log_date: str) -> Notice:
    """The notice that something said on `since` is over on `log_date`."""
    what = f"What was last said on {since} no longer holds on {log_date}."
    return Notice(Alert(Rule(fingerprint.partition("/")[0]), fingerprint, log_date, what), State.OVER)
