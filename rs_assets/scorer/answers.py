"""What models say of sessions under way, of many at once.

Belongs here: from sessions to the models' arrays and back. Does not belong here: the models, or who asks and when.

The numbers are those of the batch, to the bit: they come from the same code, in which no row knows those beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rs_assets.features.running import Running
from rs_assets.models.next_item import NextItem
from rs_assets.models.next_item.catalog import Catalog
from rs_assets.models.next_item.limits import LONGEST, SHOWN
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import Codes, Ints, starts_of
from rs_assets.models.purchase_intent import Trained
from rs_assets.scorer.serving import Intent


@dataclass(frozen=True, slots=True)
class Asked:
    """A session so far, as a model is asked about it; what comes after does not change it."""

    site: str
    views: tuple[str, ...]
    cart: tuple[str, ...]
    met: int
    features: tuple[float, ...]
    recent: str

    @classmethod
    def about(cls, site: str, session: Running) -> Asked:
        """The question about a session as it stands."""
        views = tuple(session.views[-LONGEST:])
        return cls(
            site, views, tuple(session.cart), session.met, session.features(), " ".join(session.recent)
        )


@dataclass(frozen=True, slots=True)
class Recommended:
    """The likeliest items first, each with its score; none, and no model, for a site that the model does not know."""

    item_ids: Sequence[str] = ()
    scores: Sequence[float] = ()
    model: str | None = None


def recommend(model: NextItem, asked: Sequence[Asked], k: int = SHOWN) -> list[Recommended]:
    """What each session may look at next."""
    answers = [Recommended()] * len(asked)
    by_site: defaultdict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(asked):
        by_site[one.site].append(at)
    for name, places in by_site.items():
        site = model.sites.get(name)
        if site is None:
            continue
        catalog = site.recommender.catalog
        codes, scores = site.recommender.top(_queries(catalog, [asked[at] for at in places]), k)
        for at, found, worth in zip(places, codes.tolist(), scores.tolist(), strict=True):
            some = sum(code >= 0 for code in found)
            items = [catalog.name(code) for code in found[:some]]
            answers[at] = Recommended(items, worth[:some], site.card.chosen)
    return answers


def probabilities(model: Intent, asked: Sequence[Asked]) -> list[float | None]:
    """The probability that each session buys; None where there is no model."""
    if not isinstance(model, Trained):
        return [None] * len(asked)
    numeric = np.array([one.features for one in asked])
    found = model.scoring([one.site for one in asked], [one.recent for one in asked], numeric)
    calibration = model.card.calibration
    return [float(chance) for chance in (found if calibration is None else calibration(found))]


def _queries(catalog: Catalog, asked: Sequence[Asked]) -> Queries:
    items, starts = _ragged(catalog, [one.views for one in asked])
    barred, barred_starts = _ragged(catalog, [one.cart for one in asked])
    return Queries(starts, items, barred_starts, barred)


def _ragged(catalog: Catalog, rows: Sequence[Sequence[str]]) -> tuple[Codes, Ints]:
    flat = [item for row in rows for item in row]
    return catalog.code(flat), starts_of(np.array([len(row) for row in rows], np.int64))
