"""Which candidate becomes a site's model: the simplest that is as good as the best.

Belongs here: the rule of choice. Does not belong here: whether the chosen one replaces the champion (promotion).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from rs_assets.models.next_item.bootstrap import UNIT, credits, resampled
from rs_assets.models.next_item.limits import NOISE
from rs_assets.models.next_item.ragged import Floats, Ints


def choose(rows: pl.DataFrame, ranks: Mapping[str, Ints]) -> str:
    """The candidate of the highest HR@20 + MRR@20; within noise of the best, the simpler one.

    The sum, because a shop's 20 places are not equal: what is not among them is not seen at all, and what stands
    first is seen by all. The noise is the standard error of the *difference* between the best and the other, from
    resamples of whole sessions.

    Args:
        rows: of `Questions`, at least one.
        ranks: each candidate's, simplest first.
    """
    session = rows["session_id"].rank("dense").to_numpy().astype(np.int64) - 1
    worth = np.stack([_worth(values) for values in ranks.values()], axis=1)
    total = worth.sum(axis=0)
    best = int(np.argmax(total))
    draws = resampled(session, np.concatenate([np.ones((len(worth), 1)), worth], axis=1))
    draws = draws[draws[:, 0] > 0]
    rates = draws[:, 1:] / draws[:, :1]
    noise = np.std(rates[:, [best]] - rates, axis=0, ddof=1) if len(draws) > 1 else np.zeros(len(total))
    as_good = (total[best] - total) / len(worth) <= NOISE * noise
    return list(ranks)[int(np.argmax(as_good))]


def _worth(ranks: Ints) -> Floats:
    hits, reciprocals = credits(ranks)
    return hits * UNIT + reciprocals
