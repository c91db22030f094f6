"""Recalibration: a sigmoid or isotonic steps over the model's scores, used where unseen dates show that it helps.

Belongs here: the two ways, and the evidence for either. Does not belong here: how calibrated the candidates are
(`metrics`).

The validation dates are halved. What is fitted on the earlier half must lower the log loss on the later half, which
neither it nor the model was fitted on, by more than chance. If one of them does, the better one is fitted again on
the whole validation side and goes into the artifact, over the model that is refitted on all rows; that the refitted
model errs as the validated one did is an assumption, and the one this makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl

from rs_assets.models.purchase_intent.candidates import Floats
from rs_assets.models.purchase_intent.choice import Flags
from rs_assets.models.purchase_intent.limits import CALIBRATION_EVIDENCE, MIN_ISOTONIC, MIN_POSITIVES

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


@dataclass(frozen=True)
class Isotonic:
    """A probability becomes the one on the line through the knots. Order is kept; some scores become equal."""

    scores: tuple[float, ...]
    shares: tuple[float, ...]

    def __call__(self, probability: Floats) -> Floats:
        """The recalibrated probabilities, of the same shape."""
        return np.asarray(np.interp(probability, self.scores, self.shares))


Calibration: TypeAlias = Sigmoid | Isotonic


@dataclass(frozen=True, eq=False)
class Trial:
    """The later half of the validation dates, scored without and with the better of what the earlier half gave.

    Attributes:
        way: one of WAYS, the better one; it is used if it `helps`.
    """

    rows: pl.DataFrame
    plain: Floats
    recalibrated: Floats
    helps: bool
    way: str = "sigmoid"


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
    later, plain = rows.filter(late), score[late]
    tried = []
    for way in WAYS if np.sum(bought[~late]) >= MIN_ISOTONIC else ("sigmoid",):
        fitted = fit(way, bought[~late], score[~late])
        gain, error = _gain(later["session_id"], bought[late], plain, fitted(plain))
        helps = gain > CALIBRATION_EVIDENCE * error and not (
            isinstance(fitted, Sigmoid) and fitted.slope <= 0
        )
        tried.append((helps, gain, Trial(later, plain, fitted(plain), helps, way)))
    return max(tried, key=lambda one: one[:2])[2]


def fit(way: str, bought: Flags, score: Floats) -> Calibration:
    """One of WAYS, fitted on out-of-sample scores."""
    return WAYS[way](bought, score)


def _gain(session_ids: pl.Series, bought: Flags, plain: Floats, recalibrated: Floats) -> tuple[float, float]:
    """The mean gain in log loss a session, and its standard error: a session's snapshots err together."""
    gain = pl.Series("gain", _log_loss(bought, plain) - _log_loss(bought, recalibrated))
    by_session = (
        session_ids.to_frame("session_id").with_columns(gain).group_by("session_id").agg(pl.col("gain").sum())
    )
    gains = by_session.sort("session_id")["gain"].to_numpy()
    return float(np.mean(gains)), float(np.std(gains, ddof=1)) / float(np.sqrt(gains.size))


def fit_isotonic(bought: Flags, score: Floats) -> Isotonic:
    """The rising steps that fit out-of-sample scores best, by pool adjacent violators; both classes are needed."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=EDGE, y_max=1 - EDGE, out_of_bounds="clip").fit(score, bought)
    return Isotonic(tuple(fitted.X_thresholds_.tolist()), tuple(fitted.y_thresholds_.tolist()))


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


WAYS: dict[str, Callable[[Flags, Floats], Calibration]] = {"sigmoid": fit_sigmoid, "isotonic": fit_isotonic}
"""The ways of recalibrating, the one that needs least first."""
