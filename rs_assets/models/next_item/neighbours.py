"""The index of past sessions by item, and the search for those that are like a session so far.

Belongs here: candidates, the latest ones first, and the nearest of them. Does not belong here: what is made of them
(`session_knn`).

Each item keeps the numbers of the latest sessions with it, and no more than the candidates that one query looks at.
That is exact: of a query's latest candidates, none can be missing from the list of an item that it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import (
    Codes,
    Flags,
    Floats,
    Ints,
    group_starts,
    largest,
    lengths_of,
    ranks_within,
    spans_of,
    starts_of,
)
from rs_assets.models.next_item.sessions import Sessions

Places = npt.NDArray[np.uint8]
"""Of items in a session, which are below LONGEST."""

_BITS = 7
"""Of a place."""


@dataclass(frozen=True, eq=False)
class Index:
    """Past sessions by item, and their items; sessions are numbered from the latest on.

    Attributes:
        posting_starts: where each item's sessions start, by code.
        postings: session numbers, rising, so the latest first.
        posting_places: the place of the item's last occurrence in that session.
        session_starts: where each session's items start.
        session_items, session_places: its distinct items, and the place of the last occurrence of each.
        age_days: of each session.
        idf: of each item, ln(all sessions / those that have it), whether kept or not.
    """

    posting_starts: Ints
    postings: Codes
    posting_places: Places
    session_starts: Ints
    session_items: Codes
    session_places: Places
    age_days: Floats
    idf: Floats


@dataclass(frozen=True, eq=False)
class Pairs:
    """Queries and past sessions that share an item: one entry a pair, by query, then the latest session first.

    Attributes:
        query, session: numbers.
        similarity: how alike they are.
        since: steps since the query's last item that they share, and one.
        place: of that item in the past session.
    """

    query: Ints
    session: Ints
    similarity: Floats
    since: Ints
    place: Ints

    def keep(self, which: Flags | Ints) -> Pairs:
        """Some of the pairs."""
        return Pairs(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def build(sessions: Sessions, candidates: int) -> Index:
    """The index of sessions, of which each item keeps the latest `candidates`; sessions kept by none are left out."""
    key = sessions.owner * len(sessions.catalog) + sessions.items
    # The last occurrence of each item in each session: places rise, so it is the last of equal keys.
    order = np.argsort(key, kind="stable")
    last = order[np.append(group_starts(key[order])[1:], key.size) - 1] if key.size else order
    session, item, place = sessions.owner[last], sessions.items[last], sessions.place[last]
    by_item = np.lexsort((session, item))
    kept = by_item[ranks_within(item[by_item]) < candidates]
    used, number = np.unique(session[kept], return_inverse=True)
    among = np.isin(session, used)
    lengths = np.bincount(np.searchsorted(used, session[among]), minlength=used.size)
    return Index(
        starts_of(np.bincount(item[kept], minlength=len(sessions.catalog))),
        number.astype(np.int32),
        place[kept].astype(np.uint8),
        starts_of(lengths),
        item[among],
        place[among].astype(np.uint8),
        sessions.age_days[used],
        np.log(len(sessions) / np.bincount(item, minlength=len(sessions.catalog))),
    )


def distinct(queries: Queries) -> tuple[Ints, Codes, Ints]:
    """Each query's distinct known items, the latest first: query, item, and the steps since, from 1 for the last."""
    lengths = lengths_of(queries.starts)
    owner = np.repeat(np.arange(len(queries), dtype=np.int64), lengths)
    since = queries.starts[1:][owner] - np.arange(owner.size)
    known = np.flatnonzero(queries.items >= 0)
    latest = known[np.lexsort((since[known], queries.items[known], owner[known]))]
    key = owner[latest] << 32 | queries.items[latest]
    first = latest[group_starts(key)]
    first = first[np.lexsort((since[first], owner[first]))]
    return owner[first], queries.items[first], since[first]


def candidates(
    index: Index, queries: Queries, most: int, weigh: Callable[[Ints, Codes, Ints], Floats]
) -> Pairs:
    """The latest `most` past sessions that share an item with each query.

    Args:
        index: built with at least as many candidates.
        queries: no more than fit into 17 bits.
        most: candidates of a query.
        weigh: from query, item and steps since (see `distinct`) to what a shared item counts for; a pair's
            similarity is the sum of them.
    """
    query, item, since = distinct(queries)
    weight, slot = weigh(query, item, since), ranks_within(query)
    found, owner = spans_of(index.posting_starts, item)
    # One number says query, session, slot and place, in that order: sorting numbers takes a tenth of the time of
    # sorting by several columns.
    pair = query[owner] << 32 | index.postings[found].astype(np.int64)
    key = (pair << _BITS | slot[owner]) << _BITS | index.posting_places[found]
    key.sort()
    pair = key >> 2 * _BITS
    starts = group_starts(pair)
    latest = ranks_within(pair[starts] >> 32) < most
    group = np.repeat(np.arange(starts.size), lengths_of(np.append(starts, key.size)))
    offset = starts_of(np.bincount(query, minlength=len(queries)))
    mask = (1 << _BITS) - 1
    at = offset[pair >> 32] + (key >> _BITS & mask)
    similarity = np.bincount(group, weights=weight[at], minlength=starts.size).astype(np.float64)
    # Slots rise within a pair, so its first entry is of the latest item that they share.
    found_pairs = Pairs(
        pair[starts] >> 32, pair[starts] & 0xFFFFFFFF, similarity, since[at[starts]], key[starts] & mask
    )
    return found_pairs.keep(latest)


def nearest(pairs: Pairs, queries: int, most: int) -> Pairs:
    """The `most` most similar past sessions of each query; of equally similar ones, the latest.

    They stay in the order of recency, so what is added up over them does not depend on the other queries.
    """
    return pairs.keep(largest(pairs.query, pairs.similarity, queries, most))
