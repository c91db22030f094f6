"""Who is the champion, and what makes it another one.

Belongs here: `Standing` and its transitions, as a table of one row. Does not belong here: artifacts, the lake, the
rule by which a challenger is judged.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import polars as pl

from rs_assets.models.promotion.decisions import Decision
from rs_assets.models.promotion.judgement import Judgement

GATE = "the gate"

STANDING: dict[str, pl.DataType] = {
    "cut": pl.Date(),
    "champion": pl.Date(),
    "since": pl.Date(),
    "previous": pl.Date(),
    "artifact": pl.String(),
    "training": pl.String(),
    "code": pl.String(),
    "outcome": pl.String(),
    "by": pl.String(),
    "reasons": pl.List(pl.String()),
}


class Outcome(StrEnum):
    """What became of a cut's challenger."""

    PROMOTED = "promoted"
    REFUSED = "refused"
    NO_CHALLENGER = "no challenger"
    DECIDED = "decided"


@dataclass(frozen=True)
class Standing:
    """Who serves, and by whose word.

    Attributes:
        cut: of the challenger that was last looked at.
        champion: the cut of the model that serves; None while there is none.
        since: the log date from which it serves.
        previous: the cut of the champion before.
        artifact: the SHA-256 of the champion's artifact.
        training: the digest of the training set that it was made of.
        code: the version of the code that made it.
        outcome: of the last gate or decision.
        by: GATE, or the person who decided.
        reasons: in sentences.
    """

    cut: dt.date
    champion: dt.date | None = None
    since: dt.date | None = None
    previous: dt.date | None = None
    artifact: str | None = None
    training: str | None = None
    code: str | None = None
    outcome: Outcome = Outcome.NO_CHALLENGER
    by: str = GATE
    reasons: tuple[str, ...] = ()

    def judged(self, cut: dt.date, log_date: dt.date, judgement: Judgement) -> Self:
        """After the gate has looked at the challenger of a cut, on a log date."""
        if judgement.there and not judgement.refused:
            won = (
                ("no worse than the champion on any protected slice",)
                if self.champion is not None
                else ("there was no champion, and every gate is passed",)
            )
            return replace(
                self._led_by(cut, log_date), cut=cut, outcome=Outcome.PROMOTED, by=GATE, reasons=won
            )
        outcome = Outcome.REFUSED if judgement.there else Outcome.NO_CHALLENGER
        return replace(self, cut=cut, outcome=outcome, by=GATE, reasons=judgement.refused)

    def decided(self, decision: Decision) -> Self:
        """After a person's decision."""
        cut, log_date = dt.date.fromisoformat(decision.cut), dt.date.fromisoformat(decision.log_date)
        reasons = (f"{decision.action}: {decision.why}",)
        return replace(self._led_by(cut, log_date), outcome=Outcome.DECIDED, by=decision.by, reasons=reasons)

    def _led_by(self, cut: dt.date, log_date: dt.date) -> Self:
        if cut == self.champion:
            return self
        return replace(self, champion=cut, since=log_date, previous=self.champion)

    def to_frame(self) -> pl.DataFrame:
        """A row of STANDING."""
        row = {name: getattr(self, name) for name in STANDING} | {"reasons": list(self.reasons)}
        return pl.DataFrame([row | {"outcome": str(self.outcome)}], schema=STANDING)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Self:
        """The standing whose row it is."""
        row = frame.row(0, named=True)
        return cls(**row | {"outcome": Outcome(row["outcome"]), "reasons": tuple(row["reasons"])})
