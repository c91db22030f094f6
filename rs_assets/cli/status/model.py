"""The purchase_intent model in force.

Belongs here: its card in a few words. Does not belong here: the whole card (the graph's `model_card`), or
unpickling it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.models.purchase_intent import NotTrained, read_card
from rs_assets.models.purchase_intent.publish import ARTIFACT, MODEL


@dataclass(frozen=True)
class InForce:
    """The model of the latest log date that has one, or why there is none.

    Attributes:
        log_date: the latest.
        cut: it has seen what closed before.
        chosen: the candidate; null where nothing was trained.
        pr_auc: on the validation dates.
        random_pr_auc: what a random order would have there.
        problem: why nothing was trained, or why the artifact cannot be read.
    """

    log_date: str
    cut: str | None = None
    chosen: str | None = None
    pr_auc: float | None = None
    random_pr_auc: float | None = None
    problem: str | None = None


def in_force(lake: Lake) -> InForce | None:
    """The model in force; None where none was ever published."""
    dates = lake.log_dates(MODEL)
    with_model = [date for date in dates if os.path.exists(lake.object(MODEL, date, ARTIFACT))]
    if not with_model:
        return None
    log_date = with_model[-1]
    with open(lake.object(MODEL, log_date, ARTIFACT), "rb") as file:
        artifact = file.read()
    try:
        card = read_card(artifact)
    except UserError as error:
        return InForce(log_date, problem=error.what)
    if isinstance(card, NotTrained):
        return InForce(log_date, cut=str(card.cut), problem=card.reason)
    measured = card.evaluation
    return InForce(log_date, str(card.cut), card.chosen, measured.value("pr_auc"), measured.positive_rate)
