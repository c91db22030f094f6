"""Which candidate becomes the model: the simplest that is as good as the best.

Belongs here: PR-AUC with its sampling error, which promotion asks for as well, and the rule of choice. Does not
belong here: whether the chosen one replaces the champion (promotion), or the other metrics (`metrics`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from rs_assets.models.purchase_intent.candidates import Floats
from rs_assets.models.purchase_intent.limits import NOISE, RESAMPLES, SEED

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """The chosen candidate, and each candidate's PR-AUC with its standard error, simplest first."""

    chosen: str
    pr_auc: tuple[tuple[str, float], ...]
    standard_errors: tuple[tuple[str, float], ...]


def choose(rows: pl.DataFrame, scores: Mapping[str, Floats]) -> Choice:
    """Choose by PR-AUC on the validation side; within noise of the best, the simpler candidate wins.

    The noise is the standard error of the *difference* between the best and the other, from resamples of
    whole sessions (snapshots of one session are not independent).

    Args:
        rows: the validation side, with `session_id` and `will_buy`, in the order of the scores; both classes.
        scores: each candidate's scores of `rows`, simplest first.
    """
    bought: Flags = rows["will_buy"].to_numpy().astype(np.bool_)
    ranked = {name: Ranking(bought, score) for name, score in scores.items()}
    measured = {name: ranking.pr_auc(np.ones(rows.height)) for name, ranking in ranked.items()}
    draws = [[ranking.pr_auc(w) for ranking in ranked.values()] for w in resamples(rows["session_id"])]
    resampled = dict(zip(scores, np.array(draws).T, strict=True))
    best = max(measured, key=lambda name: measured[name])
    chosen = next(
        name
        for name in scores
        if measured[best] - measured[name] <= NOISE * _deviation(resampled[best] - resampled[name])
    )
    errors = tuple((name, _deviation(values)) for name, values in resampled.items())
    return Choice(chosen, tuple(measured.items()), errors)


class Ranking:
    """Rows by falling score, ready for many weighted PR-AUCs (scikit-learn's would sort for each)."""

    def __init__(self, bought: Flags, score: Floats) -> None:
        self.order = np.argsort(-score, kind="stable")
        self.bought = bought[self.order]
        falling = score[self.order]
        self.ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))  # equal scores count as one

    def pr_auc(self, weights: Floats) -> float:
        """Average precision with a weight for each row; NaN if no positive has any weight."""
        weights = weights[self.order]
        found = np.cumsum(weights * self.bought)[self.ends]
        flagged = np.cumsum(weights)[self.ends]
        if found[-1] == 0:
            return float("nan")
        precision = found / np.maximum(flagged, 1.0)  # where nothing is flagged, recall stands still too
        return float(np.sum(np.diff(found, prepend=0.0) * precision) / found[-1])


def resamples(session_ids: pl.Series) -> Iterator[Floats]:
    """Weights that stand for drawing the sessions again with replacement (Poisson bootstrap).

    One of RESAMPLES at a time: all of them together would take 100 times the memory of the scores.
    """
    codes = session_ids.rank("dense").to_numpy().astype(np.int64) - 1
    sessions = int(codes.max()) + 1
    draws = np.random.default_rng(SEED)
    for _ in range(RESAMPLES):
        yield draws.poisson(1.0, sessions).astype(np.float64)[codes]


def _deviation(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.std(known, ddof=1)) if known.size > 1 else 0.0
