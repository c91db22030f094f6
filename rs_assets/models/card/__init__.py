"""model_card: what a person must know of a model before trusting it, as a page and as a table.

Belongs here: the card of every model. Does not belong here: measuring anything that stands in it.
"""

from rs_assets.models.card.publish import CARD, PAGES, READS, publish_cards

__all__ = ["CARD", "PAGES", "READS", "publish_cards"]
