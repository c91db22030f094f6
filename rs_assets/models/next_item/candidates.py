"""The candidates: what may become a site's next_item model, from the simplest to the most complex.

Belongs here: their names and settings. Does not belong here: choosing between them (`choice`).

The settings were found on two validation cuts of the training side of a public data set (YOOCHOOSE clicks), where
they lie on a plain: of thirty blends with one setting changed, none moved HR@20 by .002. What differs from shop to
shop, the weights of the blend, is learned from each site's own sessions.
"""

from __future__ import annotations

from collections.abc import Callable

from rs_assets.models.next_item.blend import Blend
from rs_assets.models.next_item.embedding import ItemEmbedding
from rs_assets.models.next_item.popularity import Popularity
from rs_assets.models.next_item.recommender import Recommender
from rs_assets.models.next_item.revisits import Revisits
from rs_assets.models.next_item.rules import AssociationRules, SequentialRules
from rs_assets.models.next_item.session_knn import SessionKnn, VectorSessionKnn
from rs_assets.models.next_item.sessions import Sessions

OnStep = Callable[[str], None]

CANDIDATES = (
    "popularity",
    "association_rules",
    "sequential_rules",
    "session_knn",
    "vector_session_knn",
    "item_embedding",
    "blend",
)
"""By simplicity: where two are as good as each other, the one that stands first is chosen."""

PARTS = ("popularity", "sequential_rules", "vector_session_knn", "item_embedding", "revisits")
"""What the blend is made of: each knows what the others do not."""

HALF_LIFE_DAYS = 7.0
"""What was looked at a week ago counts for half."""


def unfitted(candidate: str) -> Recommender:
    """The recommender of one of CANDIDATES, or PARTS.

    Raises:
        ValueError: there is no such candidate.
    """
    match candidate:
        case "popularity":
            return Popularity(HALF_LIFE_DAYS)
        case "association_rules":
            return AssociationRules()
        case "sequential_rules":
            return SequentialRules(returns=True)
        case "session_knn":
            return SessionKnn()
        case "vector_session_knn":
            return VectorSessionKnn(fading=0.4, rarity=1.0, half_life_days=HALF_LIFE_DAYS, reach=0.7)
        case "item_embedding":
            return ItemEmbedding()
        case "revisits":
            return Revisits()
        case "blend":
            return Blend({name: unfitted(name) for name in PARTS})
        case _:
            raise ValueError(f"There is no candidate {candidate!r}; there are {', '.join(CANDIDATES)}.")


def fit_all(sessions: Sessions, on_step: OnStep) -> dict[str, Recommender]:
    """Every one of CANDIDATES, fitted; the blend of the others themselves, so that none is fitted twice.

    Args:
        sessions: to learn from.
        on_step: told which candidate is next.
    """
    fitted: dict[str, Recommender] = {}
    for name in dict.fromkeys((*CANDIDATES[:-1], *PARTS)):
        on_step(name)
        fitted[name] = unfitted(name).learn(sessions)
    blend = Blend({name: fitted[name] for name in PARTS}).assemble(sessions.catalog)
    return {name: fitted[name] for name in CANDIDATES[:-1]} | {"blend": blend}
