"""Leaks: what an honest pipeline cannot do, and a leaking one does.

Belongs here: planting disorder, and looking whether somebody still sees order in it. Does not belong here: the split
that keeps the sides apart (`split`), the leaks of features (`rs_assets.features.leaks`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.models.next_item.behaviour import beats_popularity
from rs_assets.models.next_item.events import ORDER, steps
from rs_assets.models.next_item.limits import SEED
from rs_assets.models.next_item.questions import questions, ranks
from rs_assets.models.next_item.recommender import Recommender


def shuffled(*sides: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
    """The sides' steps with their items shuffled among all of them; a row that is on two sides gets one item.

    What is popular stays as popular as it was; what goes with what, and what comes after what, is gone.
    """
    rows = pl.concat([steps(side) for side in sides]).unique([*ORDER]).sort(ORDER)
    turn = np.random.default_rng(SEED).permutation(rows.height)
    drawn = rows.select(*ORDER, item_id=rows["item_id"].gather(turn))
    return tuple(
        steps(side).drop("item_id").join(drawn, on=[*ORDER], how="left").select(side.columns)
        for side in sides
    )


def shuffled_label(recommender: Recommender, training: pl.DataFrame, later: pl.DataFrame) -> float | None:
    """HR@20 over that of popularity when the items of one site's sessions are shuffled before anything else is done.

    There is nothing to foresee then but what is popular. Who does better has seen the answers: the same sessions
    are on both sides, or the question contains what is asked for. None where there is nothing to measure.

    Args:
        recommender: one that remembers sessions; it is fitted anew.
        training, later: ITEM_EVENTS of the two sides, as the split made them.
    """
    learned, asked_about = shuffled(training, later)
    asked = questions(recommender.fit(learned).catalog, asked_about)
    return beats_popularity(ranks(recommender, asked), asked.targets)
