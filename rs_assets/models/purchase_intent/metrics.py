"""Metrics of probabilities against what happened, as numbers and small frames.

Belongs here: how one set of scores does on one set of rows; it serves the evaluation of candidates as well
as the comparison of models on later dates. Does not belong here: what is compared with what (`evaluation`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.models.purchase_intent.candidates import Floats
from rs_assets.models.purchase_intent.choice import Flags
from rs_assets.models.purchase_intent.limits import CALIBRATION_BINS, CURVE_POINTS, MIN_VALIDATION_POSITIVES

METRICS = ("pr_auc", "lift", "roc_auc", "brier", "log_loss", "ece")


def score_metrics(bought: Flags, probability: Floats) -> dict[str, float | None]:
    """Each of METRICS of `probability` against `bought`; None where the rows cannot tell.

    - `pr_auc`: average precision, 0 to 1; a random order has the positive rate.
    - `lift`: `pr_auc` over the positive rate, so how many times better than a constant.
    - `roc_auc`: 0 to 1; a random order has 0.5.
    - `brier`: mean squared error of the probability, 0 to 1, lower is better.
    - `log_loss`: mean, in nats, lower is better.
    - `ece`: expected calibration error: the mean distance between predicted and observed, 0 to 1.
    """
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    if bought.size == 0:
        return dict.fromkeys(METRICS)
    pr_auc = float(average_precision_score(bought, probability)) if bought.any() else None
    bins = calibration_bins(bought, probability)
    distance = (bins["predicted"] - bins["observed"]).abs()
    return {
        "pr_auc": pr_auc,
        "lift": None if pr_auc is None else pr_auc / float(bought.mean()),
        "roc_auc": float(roc_auc_score(bought, probability)) if 0 < bought.sum() < bought.size else None,
        "brier": float(brier_score_loss(bought, probability)),
        "log_loss": float(log_loss(bought, probability, labels=[False, True])),
        "ece": float((distance * bins["n"]).sum() / bought.size),
    }


def slice_pr_auc(bought: Flags, probability: Floats) -> float | None:
    """PR-AUC of a slice, or None where either class has fewer than MIN_VALIDATION_POSITIVES rows."""
    if min(int(bought.sum()), int((~bought).sum())) < MIN_VALIDATION_POSITIVES:
        return None
    return score_metrics(bought, probability)["pr_auc"]


def calibration_bins(bought: Flags, probability: Floats) -> pl.DataFrame:
    """`bin` (Int64, from 0), `predicted`, `observed` (Float64, means of the bin), `n` (Int64).

    CALIBRATION_BINS bins of about equal numbers of rows; equal probabilities are never parted, so there are
    fewer where there are many ties (one, for a constant).
    """
    inner = np.quantile(probability, np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1])
    bins = np.digitize(probability, np.unique(inner), right=True)
    return (
        pl.DataFrame({"edge": bins, "predicted": probability, "observed": bought.astype(np.float64)})
        .group_by("edge")
        .agg(pl.col("predicted").mean(), pl.col("observed").mean(), n=pl.len().cast(pl.Int64))
        .sort("edge")
        .with_columns(bin=pl.int_range(pl.len(), dtype=pl.Int64))
        .select("bin", "predicted", "observed", "n")
    )


def curve(bought: Flags, probability: Floats) -> pl.DataFrame:
    """`recall`, `precision` (Float64), by rising recall: CURVE_POINTS points at most, evenly over recall."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(bought, probability)
    precision, recall = precision[::-1], recall[::-1]
    wanted = np.searchsorted(recall, np.linspace(0, 1, CURVE_POINTS)).clip(max=recall.size - 1)
    kept = np.unique(wanted)
    return pl.DataFrame({"recall": recall[kept], "precision": precision[kept]})
