"""next_item: what will this session look at next?

The front of the package, in the order of use: `item_events`, `train`, `dump` and `load`, `evaluate`; and the
model's own `recommend` and `recommend_many`. Importing it loads scipy; scikit-learn is loaded by training only.
"""

from rs_assets.models.next_item.artifact import dump, load, read_cards
from rs_assets.models.next_item.candidates import CANDIDATES
from rs_assets.models.next_item.evaluation import Evaluation, evaluate
from rs_assets.models.next_item.events import ITEM_EVENTS, item_events
from rs_assets.models.next_item.model import RECOMMENDATIONS, NextItem, Site, SiteCard
from rs_assets.models.next_item.recommender import Recommendation, Recommender
from rs_assets.models.next_item.training import train

__all__ = [
    "CANDIDATES",
    "ITEM_EVENTS",
    "RECOMMENDATIONS",
    "Evaluation",
    "NextItem",
    "Recommendation",
    "Recommender",
    "Site",
    "SiteCard",
    "dump",
    "evaluate",
    "item_events",
    "load",
    "read_cards",
    "train",
]
