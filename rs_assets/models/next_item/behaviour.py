"""Behavioural tests: what a recommender must do whatever its metrics say, in the spirit of RecList.

Belongs here: one function a behaviour, from recommendations to a number. Does not belong here: which number is good
enough (`thresholds.toml`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.models.next_item.events import carts
from rs_assets.models.next_item.limits import SHOWN
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Flags, Floats, Ints, lengths_of
from rs_assets.models.next_item.recommender import Recommender

HEAD = 0.01
"""The share of the catalogue that is called popular."""

UNKNOWN = "\x00 no such item"


def beats_popularity(ranks: Ints, targets: Codes, shown: int = SHOWN) -> float | None:
    """HR against that of showing everybody the most popular items; None where those never hit.

    Args:
        ranks: of what came next, 0 for not shown.
        targets: its codes, which are places by popularity.
    """
    popular = int(np.sum((targets >= 0) & (targets < shown)))
    return float(np.sum(ranks > 0)) / popular if popular else None


def popularity_bias(codes: Codes, targets: Codes, items: int) -> float | None:
    """The head's share of what is recommended against its share of what comes next; None where that is 0."""
    head = max(1, int(items * HEAD))
    wanted = _share(targets < head, targets >= 0)
    return _share(codes < head, codes >= 0) / wanted if wanted else None


def coverage(codes: Codes, items: int) -> float | None:
    """Distinct items recommended, of those there are or of as many as could be shown; None without any."""
    shown = codes[codes >= 0]
    return np.unique(shown).size / min(items, shown.size) if shown.size else None


def last_item_sensitivity(recommender: Recommender, queries: Queries) -> float | None:
    """The share of recommendations that change when a session's last item is the last of another session.

    None where all sessions end on the same item.
    """
    some = np.flatnonzero(lengths_of(queries.starts) > 0)
    last = queries.starts[1:][some] - 1
    items = queries.items.copy()
    items[last] = _turned(queries.items[last])
    changed = some[items[last] != queries.items[last]]
    if not changed.size:
        return None
    before, _ = recommender.top(queries)
    after, _ = recommender.top(Queries(queries.starts, items, queries.barred_starts, queries.barred))
    return 1 - float(np.mean(_overlap(before[changed], after[changed])))


def in_cart(recommender: Recommender, events: pl.DataFrame) -> float | None:
    """The share of recommendations that lie in the session's cart; None where there is no cart.

    Args:
        events: ITEM_EVENTS of one site, of sessions so far.
    """
    full = carts(events).select("session_id", "item_id")
    shown = recommender.recommend_many(events.join(full, on="session_id", how="semi"))
    if shown.is_empty():
        return None
    return shown.join(full, on=["session_id", "item_id"], how="semi").height / shown.height


def unknown_items(recommender: Recommender, queries: Queries) -> float:
    """The share of full lists among sessions of unknown items: alone, and as the last step of each query."""
    unknown = np.int32(-1)
    ends = queries.starts[1:]
    items = np.insert(queries.items, ends, unknown)
    starts = queries.starts + np.arange(queries.starts.size)
    codes, _ = recommender.top(Queries(starts, items, queries.barred_starts, queries.barred))
    alone = recommender.recommend([UNKNOWN])
    full = min(SHOWN, len(recommender.catalog))
    sizes = np.append(np.sum(codes >= 0, axis=1), len({shown.item_id for shown in alone}))
    return float(np.mean(sizes == full))


def price_homogeneity(codes: Codes, last: Codes, price: Floats) -> float | None:
    """Mean distance in price from the last item, of a session's recommendations against another session's.

    Distance is |ln(price / price)|: half and double are equally far. None where prices are not known, or all equal.

    Args:
        codes: recommendations, (queries, k).
        last: the item that each query looked at last.
        price: of each item by code, NaN where it is not known.
    """
    if not price.size:
        return None
    known = np.where(price > 0, price, np.nan)
    with np.errstate(invalid="ignore"):
        logs = np.log(np.append(known, np.nan))  # code -1 finds the end, which is unknown
    own, other = (np.abs(logs[shown] - logs[last][:, None]) for shown in (codes, _turned(codes)))
    both = np.isfinite(own) & np.isfinite(other)
    chance = float(np.sum(other[both]))
    return float(np.sum(own[both])) / chance if chance else None


def _turned(rows: Codes) -> Codes:
    """Each query's for one half of all queries later: neighbours may well be steps of one session."""
    return np.roll(rows, len(rows) // 2, axis=0)


def _share(which: Flags, among: Flags) -> float:
    return float(np.sum(which & among)) / max(int(np.sum(among)), 1)


def _overlap(before: Codes, after: Codes) -> Floats:
    """The share of each row's items of the one that the other has, too."""
    rows, k = before.shape
    size = int(max(before.max(initial=0), after.max(initial=0))) + 2
    keys = [np.arange(rows)[:, None] * size + codes + 1 for codes in (before, after)]
    return np.asarray(np.sum(np.isin(keys[0], keys[1]), axis=1) / k)
