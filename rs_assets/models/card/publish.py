"""model_card in the lake, log date by log date: a page a model, and a table of all.

Belongs here: which objects a card is made of. Does not belong here: what it says.

Cards change when a promotion or an evaluation does, which is once a week: the dates between share their bytes.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from rs_assets.lake.lineage import Reads, reading
from rs_assets.lake.paths import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table
from rs_assets.models.card import next_item, purchase_intent
from rs_assets.models.card.card import Card
from rs_assets.models.card.page import page
from rs_assets.models.next_item.publish import EVALUATION
from rs_assets.models.promotion import standing_of
from rs_assets.models.weekly import link

CARD = "model_card"
PAGES = {"next_item": "next_item.html", "purchase_intent": "purchase_intent.html"}
MODELS = {"next_item": next_item, "purchase_intent": purchase_intent}
MADE_OF = ("next_item_promotion", "purchase_intent_promotion", EVALUATION)
READS: dict[str, Reads] = {CARD: reading(*MADE_OF)}


def publish_cards(
    stage: Stage, log_dates: list[str], on_date: Callable[[str], None]
) -> dict[str, list[Card]]:
    """The cards of the champions of each log date."""
    found: dict[str, list[Card]] = {}
    made: dict[tuple[str, ...], str] = {}
    for log_date in stage.pending((CARD,), log_dates):
        on_date(log_date)
        stage.lake.require("next_item_promotion", [log_date])
        key = _key(stage.lake, log_date)
        if same := made.get(key):
            for name in ("part.parquet", *PAGES.values()):
                link(stage, CARD, same, log_date, name)
            found[log_date] = found[same]
        else:
            found[log_date] = _cards(stage.lake, log_date)
            made[key] = log_date
            for card in found[log_date]:
                with open(
                    stage.path(CARD, log_date, PAGES[card.model]), "w", encoding="utf-8", newline="\n"
                ) as file:
                    file.write(page(card))
            write_table(pl.concat(card.to_frame() for card in found[log_date]), stage.path(CARD, log_date))
        stage.finish(CARD, log_date)
    return found


def _cards(lake: Lake, log_date: str) -> list[Card]:
    cards = []
    for module in MODELS.values():
        standing = standing_of(lake, module.FAMILY, log_date)
        assert standing is not None  # it was required
        cards.append(module.card(lake, log_date, standing))
    return cards


def _key(lake: Lake, log_date: str) -> tuple[str, ...]:
    """What the cards of a log date are made of: all files, for a promotion's table does not tell its artifact."""
    records = [lake.record(asset, log_date) for asset in MADE_OF]
    return tuple(f"{record.files}" for record in records if record is not None)
