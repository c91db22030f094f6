"""Training purchase_intent: split, fit the candidates, choose, evaluate, refit the chosen one on all rows.

Belongs here: `train` and what it returns. Does not belong here: which rows there are (`training`), bytes
(`artifact`), predictions (`predict`).

Too little to learn from is an ordinary state of a young shop, not an error: the result is a `NotTrained`
with its reason, which is published and loaded like any model and predicts nulls.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from rs_assets.errors import UserError
from rs_assets.models.purchase_intent import calibration
from rs_assets.models.purchase_intent.candidates import CANDIDATES, Floats, fit, score
from rs_assets.models.purchase_intent.card import Card, installed
from rs_assets.models.purchase_intent.choice import choose
from rs_assets.models.purchase_intent.limits import MIN_POSITIVES, MIN_VALIDATION_POSITIVES
from rs_assets.models.purchase_intent.measuring import evaluate
from rs_assets.models.purchase_intent.scoring import Scoring
from rs_assets.models.purchase_intent.split import Split, temporal_split
from rs_assets.models.purchase_intent.training import INPUTS, ORDER

VALIDATION = {"log_date": pl.Date, "session_id": pl.String, "position": pl.Int64, "score": pl.Float64}
"""The key of a snapshot, and a score: what counts is the order of the scores."""


@dataclass(frozen=True)
class NotTrained:
    """There is no model of this cut, and `reason` is the sentence that says why, with its numbers."""

    reason: str
    cut: dt.date
    rows: int
    positives: int


@dataclass(frozen=True, eq=False)
class Trained:
    """A model: its card, and what the chosen candidate says, fitted on all rows.

    Attributes:
        validation: what the chosen candidate said of the validation side before it was fitted on all rows, as
            VALIDATION; no artifact holds it.
    """

    card: Card
    scoring: Scoring
    validation: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VALIDATION))

    @property
    def cut(self) -> dt.date:
        """The cut the model is of."""
        return self.card.cut

    def probabilities(self, rows: pl.DataFrame, threads: int = 1) -> Floats:
        """The probability of a purchase after each of `rows` (INPUTS), 0 to 1, of length `rows.height`."""
        plain = score(self.scoring, rows, threads)
        return plain if self.card.calibration is None else self.card.calibration(plain)


def train(rows: pl.DataFrame, *, cut: dt.date, threads: int = 1) -> Trained | NotTrained:
    """Train the model of `cut` on `rows`; equal rows in any order give an equal model.

    Args:
        rows: what `training_set` returns, of sessions that closed before the cut.
        cut: the weekly cut the model is of (`cuts.cut_of`).
        threads: for scoring. Fitting takes one, and no result depends on the number.

    Raises:
        UserError: a row's session closed on or after the cut: a model must not have seen its own week.
    """
    late = rows.filter(pl.col("closed_on") >= cut)
    if not late.is_empty():
        raise UserError(
            f"{late.height} of {rows.height} training rows are of sessions that closed on or after the cut "
            f"{cut}, the first on {late['closed_on'].sort().item(0)}.",
            "Train on the log dates of `training_window(cut)` only.",
        )
    rows = rows.sort(ORDER)
    positives = int(rows["will_buy"].sum())
    split = temporal_split(rows) if rows["log_date"].n_unique() > 1 else None
    reason = _too_little(rows, split)
    if split is None or reason:
        return NotTrained(f"not trained yet, because {reason}", cut, rows.height, positives)

    fits = {name: Scoring.of(fit(name, split.training)) for name in CANDIDATES}
    scores = {name: score(fitted, split.validation, threads) for name, fitted in fits.items()}
    choice = choose(split.validation, scores)
    own = scores[choice.chosen]
    # A constant's log-odds are all the same: there is nothing to fit a slope to.
    tried = None if choice.chosen == "constant" else calibration.trial(split.validation, own)
    way = tried.way if tried is not None and tried.helps else None
    card = Card(
        cut=cut,
        chosen=choice.chosen,
        inputs=INPUTS,
        rows=rows.height,
        positives=positives,
        versions=installed(),
        calibration=calibration.fit(way, split.validation["will_buy"].to_numpy(), own) if way else None,
        evaluation=evaluate(
            split, scores, choice, tried, lambda some: score(fits[choice.chosen], some, threads)
        ),
    )
    said = split.validation.select(*ORDER).with_columns(score=pl.Series(own))
    return Trained(card, Scoring.of(fit(choice.chosen, rows)), said)


def _too_little(rows: pl.DataFrame, split: Split | None) -> str:
    """Why there is too little to train on, with the numbers; empty if there is enough."""
    if rows.is_empty():
        return f"there are 0 snapshots of closed sessions ({MIN_POSITIVES} that bought are needed)"
    if split is None:
        return (
            f"all {rows.height} snapshots are of 1 log date, {rows['log_date'][0]} (2 are needed, "
            f"to train on the earlier and validate on the later)"
        )
    for side, needed, role in (
        (split.training, MIN_POSITIVES, f"closed before {split.boundary}, to train on"),
        (split.validation, MIN_VALIDATION_POSITIVES, f"from {split.boundary} on, to validate on"),
    ):
        bought = int(side["will_buy"].sum())
        for count, what in ((bought, "bought"), (side.height - bought, "did not buy")):
            if count < needed:
                return f"only {count} of {side.height} snapshots ({role}) {what} ({needed} are needed)"
    return ""
