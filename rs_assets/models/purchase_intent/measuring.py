"""Measuring: from the candidates' scores of the validation side to an `Evaluation`.

Belongs here: what is measured on which rows, by slice, and with an input shuffled. Does not belong here:
fitting, choosing, and the formulas (`metrics`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from rs_assets.models.purchase_intent.calibration import Trial
from rs_assets.models.purchase_intent.candidates import Floats
from rs_assets.models.purchase_intent.choice import Choice, Flags
from rs_assets.models.purchase_intent.evaluation import SCHEMAS, Evaluation
from rs_assets.models.purchase_intent.limits import IMPORTANCE_REPEATS, IMPORTANCE_ROWS, SEED
from rs_assets.models.purchase_intent.metrics import calibration_bins, curve, score_metrics, slice_pr_auc
from rs_assets.models.purchase_intent.split import Split
from rs_assets.models.purchase_intent.training import INPUTS

SLICED = ("site", "position", "device", "visitor")
"""By whose values it is measured apart."""

CALIBRATION_METRICS = ("brier", "ece", "log_loss")
"""Those that recalibration can change: it keeps the order of the scores, so PR-AUC stays as it is."""


def evaluate(
    split: Split,
    scores: Mapping[str, Floats],
    choice: Choice,
    trial: Trial | None,
    rescore: Callable[[pl.DataFrame], Floats],
) -> Evaluation:
    """Measure the candidates on the validation side.

    Args:
        split: the sides.
        scores: each candidate's scores of the validation side, in its order.
        choice: who was chosen and how sure that is.
        trial: what recalibration did, where there was enough to try it.
        rescore: the chosen candidate's scores of any rows, for the importances.
    """
    rows = split.validation
    bought = _bought(rows)
    measured = {name: score_metrics(bought, score) for name, score in scores.items()}
    for name, error in choice.standard_errors:
        measured[name]["pr_auc_error"] = error
    metrics = [(name, "all", *item) for name, found in measured.items() for item in found.items()]
    if trial is not None:
        for name, score in (
            (choice.chosen, trial.plain),
            (f"{choice.chosen}+{trial.way}", trial.recalibrated),
        ):
            found = score_metrics(_bought(trial.rows), score)
            metrics += [(name, "later_half", metric, found[metric]) for metric in CALIBRATION_METRICS]
    return Evaluation(
        chosen=choice.chosen,
        first_date=split.training.item(0, "log_date"),
        boundary=split.boundary,
        last_date=rows.item(-1, "log_date"),
        training_rows=split.training.height,
        training_positives=int(split.training["will_buy"].sum()),
        validation_rows=rows.height,
        validation_positives=int(bought.sum()),
        left_out=split.left_out,
        metrics=pl.DataFrame(metrics, schema=SCHEMAS["metrics"], orient="row"),
        slices=_slices(rows, scores),
        calibration=_by_candidate({name: calibration_bins(bought, s) for name, s in scores.items()}),
        curves=_by_candidate({name: curve(bought, s) for name, s in scores.items()}),
        importances=_importances(rows, rescore),
    )


def _bought(rows: pl.DataFrame) -> Flags:
    return np.asarray(rows["will_buy"].to_numpy(), dtype=np.bool_)


def _by_candidate(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    named = [frame.select(pl.lit(name).alias("candidate"), pl.all()) for name, frame in frames.items()]
    return pl.concat(named)


def _slices(rows: pl.DataFrame, scores: Mapping[str, Floats]) -> pl.DataFrame:
    found = []
    bought = _bought(rows)
    for column in SLICED:
        for value in rows[column].unique().sort():
            here = (rows[column] == value).to_numpy()
            for name, score in scores.items():
                counts = (int(here.sum()), int(bought[here].sum()))
                found.append((name, f"{column}={value}", *counts, slice_pr_auc(bought[here], score[here])))
    return pl.DataFrame(found, schema=SCHEMAS["slices"], orient="row")


def _importances(rows: pl.DataFrame, rescore: Callable[[pl.DataFrame], Floats]) -> pl.DataFrame:
    every = -(-rows.height // IMPORTANCE_ROWS)
    kept = rows.gather_every(every)
    bought = _bought(kept)
    whole = score_metrics(bought, rescore(kept))["pr_auc"] or 0.0
    draws = np.random.default_rng(SEED)
    found = []
    for name in INPUTS:
        drops = []
        for _ in range(IMPORTANCE_REPEATS):
            shuffled = kept.with_columns(kept[name].gather(draws.permutation(kept.height)))
            drops.append(whole - (score_metrics(bought, rescore(shuffled))["pr_auc"] or 0.0))
        found.append((name, float(np.mean(drops)), float(np.std(drops))))
    ranked = pl.DataFrame(found, schema=SCHEMAS["importances"], orient="row")
    return ranked.sort("pr_auc_drop", "input", descending=[True, False])
