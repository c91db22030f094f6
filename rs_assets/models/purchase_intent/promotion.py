"""How a challenger of purchase_intent is judged, and who the champion is.

Belongs here: this model's side of `models.promotion`. Does not belong here: the rule and the log dates.

Challenger and champion are compared on the validation side of the challenger's window. That is its last week at most,
which the champion, of an earlier cut, has not seen; and the challenger's scores are of the fit before the last, which
had not seen it either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from rs_assets.features.suspicions import suspicious
from rs_assets.lake.lineage import Reads
from rs_assets.lake.paths import Lake
from rs_assets.models.promotion import CHAMPION, Decisions, Judgement, compared, promotion_reads
from rs_assets.models.promotion.judgement import judged
from rs_assets.models.purchase_intent.artifact import dump, load, read_card
from rs_assets.models.purchase_intent.card import Card
from rs_assets.models.purchase_intent.choice import Flags, Ranking, resamples
from rs_assets.models.purchase_intent.limits import EVIDENCE, MIN_VALIDATION_POSITIVES
from rs_assets.models.purchase_intent.model import NotTrained, Trained
from rs_assets.models.purchase_intent.publish import ARTIFACT, MODEL, TRAINING, VALIDATION_TABLE
from rs_assets.models.purchase_intent.training import NUMERIC, ORDER

PROMOTION = "purchase_intent_promotion"
PROTECTED = ("site", "position")
"""A challenger may be worse for none of their values, where there are enough buyers to tell."""


class PurchaseIntent:
    """purchase_intent, as promotion sees it."""

    name = "purchase_intent"
    promotion = PROMOTION
    model = MODEL
    training = TRAINING

    def judge(self, lake: Lake, log_date: str, champion: bytes | None) -> Judgement:
        """The gate: trained, better than a constant, nothing that knows too much, and no worse than the champion."""
        challenger = read_card(_read(lake, MODEL, log_date, ARTIFACT))
        if isinstance(challenger, NotTrained):
            return Judgement((challenger.reason,), there=False)
        (path,) = lake.require(TRAINING, [log_date])
        rows = pl.read_parquet(path)
        refused = tuple(str(one) for one in suspicious(rows, "will_buy", NUMERIC))
        if challenger.chosen == "constant":
            refused = (*refused, "no candidate is better than a constant on the validation dates")
        elif reason := not_shown(challenger):
            refused = (*refused, reason)
        serving = load(champion) if champion is not None else None
        if not isinstance(serving, Trained):
            return Judgement(refused)
        said = pl.read_parquet(lake.object(MODEL, log_date, VALIDATION_TABLE), glob=False)
        against = judged(compare(rows.join(said, on=ORDER, how="inner"), serving))
        return Judgement((*refused, *against.refused), against.comparison)

    def untrained(self, artifact: bytes) -> str | None:
        """Why nothing was trained; None where something was."""
        card = read_card(artifact)
        return card.reason if isinstance(card, NotTrained) else None

    def nobody(self, cut: dt.date, reasons: Sequence[str]) -> bytes:
        """A model that predicts nulls."""
        return dump(NotTrained(f"no champion: {'; '.join(reasons)}", cut, 0, 0))


FAMILY = PurchaseIntent()


def reads(decisions: Decisions) -> Reads:
    """What a promotion is made of."""
    return promotion_reads(FAMILY, decisions, TRAINING)


def champion(lake: Lake, log_date: str) -> Trained | NotTrained:
    """The model that serves on a log date.

    Raises:
        UserError: no promotion is published for it.
    """
    lake.require(PROMOTION, [log_date])
    return load(_read(lake, PROMOTION, log_date, CHAMPION))


def compare(rows: pl.DataFrame, serving: Trained) -> Iterator[tuple[object, ...]]:
    """PR-AUC of both on each protected slice with enough buyers, as rows of `compared`.

    Args:
        rows: snapshots with INPUTS, `will_buy` and the challenger's `score`.
        serving: the champion.
    """
    rows = rows.sort(ORDER)
    scores = (serving.probabilities(rows), rows["score"].to_numpy())
    for name, where in _slices(rows):
        bought: Flags = rows["will_buy"].to_numpy().astype(np.bool_)[where]
        if min(bought.sum(), (~bought).sum()) < MIN_VALIDATION_POSITIVES:
            continue
        here = rows.filter(where)
        one, other = (Ranking(bought, score[where]) for score in scores)
        draws = [(one.pr_auc(w), other.pr_auc(w)) for w in resamples(here["session_id"])]
        resampled = np.array([b - a for a, b in draws])
        everyone = np.ones(len(bought))
        measured = one.pr_auc(everyone), other.pr_auc(everyone)
        yield compared(name, "pr_auc", here["session_id"].n_unique(), measured, resampled)


def not_shown(challenger: Card) -> str:
    """Why it may be no better than a constant; empty where it is shown to be: the best of several by luck is none."""
    measured = challenger.evaluation
    own, error = measured.value("pr_auc") or 0.0, measured.value("pr_auc_error") or 0.0
    constant = measured.value("pr_auc", "constant") or 0.0
    if own - constant > EVIDENCE * error:
        return ""
    return (
        f"{challenger.chosen} is not shown to be better than a constant: PR-AUC {own:.3f} ± {error:.3f} "
        f"over {constant:.3f} ({EVIDENCE:g} standard errors are asked for)"
    )


def _slices(rows: pl.DataFrame) -> Iterator[tuple[str, Flags]]:
    yield "all", np.ones(rows.height, np.bool_)
    for column in PROTECTED:
        for value in rows[column].unique().sort():
            yield f"{column}={value}", (rows[column] == value).to_numpy()


def _read(lake: Lake, asset: str, log_date: str, name: str) -> bytes:
    with open(lake.object(asset, log_date, name), "rb") as file:
        return file.read()
