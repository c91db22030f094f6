"""From scores to the best k items, in one total order.

Belongs here: which items come first, and what fills the rest. Does not belong here: the scores.

The order is by falling score, then by rising code, which is by popularity and then by id. What has no score comes
after what has one, so whoever has nothing to say about a session recommends what is popular.
"""

from __future__ import annotations

import numpy as np

from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Floats, Ints, largest, lengths_of, ranks_within, spans_of
from rs_assets.models.next_item.votes import Votes


def best(votes: Votes, queries: Queries, items: int, k: int) -> tuple[Codes, Floats]:
    """The k best items of each query, and their scores.

    Args:
        votes: on these queries.
        queries: whose barred items are left out.
        items: of the catalogue.
        k: at least 1.

    Returns:
        Two arrays of shape (queries, k): codes, and scores. Filled with the most popular items at 0; where the
        catalogue ends before, with code -1.
    """
    scores, n = votes.summed(items), len(queries)
    row, code, score = scores.query, scores.code, scores.value
    if queries.barred.size:
        free = ~np.isin(row * items + code, _barred_keys(queries, items))
        row, code, score = row[free], code[free], score[free]
    keep = largest(row, score, n, k)
    row, code, score = row[keep], code[keep], score[keep]
    order = np.lexsort((code, -score, row))
    row, code, score = row[order], code[order], score[order]
    place = ranks_within(row)
    codes, values = np.full((n, k), -1, dtype=np.int32), np.zeros((n, k))
    codes[row, place] = code
    values[row, place] = score
    short = np.flatnonzero(codes[:, -1] < 0)
    if short.size:
        codes[short] = _filled(codes[short], queries, short, items)
    return codes, values


def _barred_keys(queries: Queries, items: int) -> Ints:
    owner = np.repeat(np.arange(len(queries), dtype=np.int64), lengths_of(queries.barred_starts))
    known = queries.barred >= 0
    return owner[known] * items + queries.barred[known]


def _filled(codes: Codes, queries: Queries, rows: Ints, items: int) -> Codes:
    """Rows that end in -1, with the most popular items that they have not and may have after what they have."""
    n, k = codes.shape
    lengths = lengths_of(queries.barred_starts)[rows]
    offered = min(items, k + int(lengths.max(initial=0)))
    free = np.ones((n, offered), dtype=np.bool_)
    index, owner = spans_of(queries.barred_starts, rows)
    barred = queries.barred[index]
    for of, taken in ((np.repeat(np.arange(n), k), codes.ravel()), (owner, barred)):
        low = (taken >= 0) & (taken < offered)
        free[of[low], taken[low]] = False
    have = np.sum(codes >= 0, axis=1)
    turn = np.cumsum(free, axis=1) - 1
    row, code = np.nonzero(free & (turn < (k - have)[:, None]))
    filled = codes.copy()
    filled[row, have[row] + turn[row, code]] = code
    return filled
