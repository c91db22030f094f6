"""Recalibration: a sigmoid over the model's log-odds, used only where unseen dates show that it helps.

Belongs here: the sigmoid, and the evidence for it. Does not belong here: how calibrated the candidates are
(`metrics`).

The validation dates are halved. A sigmoid fitted on the earlier half must lower the log loss on the later
half, which neither it nor the model was fitted on, by more than chance. If it does, it is fitted again on
the whole validation side and goes into the artifact, over the model that is refitted on all rows; that the
refitted model errs as the validated one did is an assumption, and the one this makes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from rs_assets.models.purchase_intent.candidates import Floats
from rs_assets.models.purchase_intent.choice import Flags
from rs_assets.models.purchase_intent.limits import CALIBRATION_EVIDENCE, MIN_POSITIVES

EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1, where log-odds are infinite."""


@dataclass(frozen=True)
class Sigmoid:
    """A probability becomes `1 / (1 + exp(-(slope * log_odds + intercept)))`. Order is kept: slope > 0."""

    slope: float
    intercept: float

    def __call__(self, probability: Floats) -> Floats:
        """The recalibrated probabilities, of the same shape."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * _log_odds(probability) + self.intercept))))


@dataclass(frozen=True, eq=False)
class Trial:
    """The later half of the validation dates, scored without and with a sigmoid of the earlier half."""

    rows: pl.DataFrame
    plain: Floats
    recalibrated: Floats
    helps: bool


def trial(rows: pl.DataFrame, score: Floats) -> Trial | None:
    """Try recalibration on dates it has not seen; None where there is too little to try it on.

    Args:
        rows: the validation side, with `log_date`, `session_id` and `will_buy`.
        score: the chosen candidate's scores of `rows`, out of sample.
    """
    dates = rows["log_date"].unique().sort()
    late = (rows["log_date"] >= dates[len(dates) // 2]).to_numpy()
    bought: Flags = rows["will_buy"].to_numpy().astype(np.bool_)
    rarest = min(int(np.sum(side & kind)) for side in (late, ~late) for kind in (bought, ~bought))
    if rarest < MIN_POSITIVES:
        return None
    sigmoid = fit_sigmoid(bought[~late], score[~late])
    later, plain, recalibrated = rows.filter(late), score[late], sigmoid(score[late])
    gain = pl.Series("gain", _log_loss(bought[late], plain) - _log_loss(bought[late], recalibrated))
    # A session's snapshots err together, so a session is one observation.
    sessions = later.select("session_id").with_columns(gain).group_by("session_id").agg(pl.col("gain").sum())
    gains = sessions.sort("session_id")["gain"].to_numpy()
    error = float(np.std(gains, ddof=1)) / np.sqrt(gains.size)
    helps = sigmoid.slope > 0 and float(np.mean(gains)) > CALIBRATION_EVIDENCE * error
    return Trial(later, plain, recalibrated, helps)


def fit_sigmoid(bought: Flags, score: Floats) -> Sigmoid:
    """The sigmoid that fits out-of-sample scores best (Platt's, on log-odds); both classes are needed."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        fitted = LogisticRegression(C=1e6, max_iter=1000).fit(_log_odds(score).reshape(-1, 1), bought)
    return Sigmoid(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def _log_odds(probability: Floats) -> Floats:
    kept = np.clip(probability, EDGE, 1 - EDGE)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def _log_loss(bought: Flags, probability: Floats) -> Floats:
    kept = np.clip(probability, EDGE, 1 - EDGE)
    return np.asarray(-np.where(bought, np.log(kept), np.log1p(-kept)))
