"""Sampling error: what the metrics would be with other sessions of the same kind.

Belongs here: resampling sessions. Does not belong here: what is measured.

A session's questions are not independent, so a session is drawn or not as a whole. The sums of hits and reciprocal
ranks are taken in integers (1 / rank in units that each rank up to SHOWN divides): below 2**53, which is 38 million
questions, they are exact, so no interval depends on the order or the number of threads in which they are added up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from rs_assets.models.next_item.limits import RESAMPLES, SEED, SHOWN
from rs_assets.models.next_item.ragged import Floats, Ints

UNIT = math.lcm(*range(1, SHOWN + 1))
"""The reciprocal rank of a first place, as an integer."""

_DRAWS = 50


def credits(ranks: Ints) -> tuple[Floats, Floats]:
    """What each rank is worth: 1 or 0 for a hit, and UNIT / rank or 0; both whole numbers."""
    hits = ranks > 0
    return hits.astype(np.float64), np.where(hits, UNIT // np.maximum(ranks, 1), 0).astype(np.float64)


def resampled(session: Ints, values: Floats) -> Floats:
    """The sums of columns when sessions are drawn again, with replacement (Poisson bootstrap).

    Args:
        session: of each row, from 0.
        values: (rows, columns), whole numbers.

    Returns:
        (RESAMPLES, columns).
    """
    sessions = int(session.max(initial=-1)) + 1
    sums = np.stack([np.bincount(session, weights=column, minlength=sessions) for column in values.T], axis=1)
    return np.concatenate([weights @ sums for weights in _weights(sessions)])


def _weights(sessions: int) -> Iterator[Floats]:
    draws = np.random.default_rng(SEED)
    for _ in range(0, RESAMPLES, _DRAWS):
        yield draws.poisson(1.0, (_DRAWS, sessions)).astype(np.float64)
