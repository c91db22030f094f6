"""model_card: what must be known of the champions before they are trusted. Dagster concepts: asset, paths.

Belongs here: the declaration. Does not belong here: what stands in a card (`models/card`).
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, rows_table
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource

if TYPE_CHECKING:
    from rs_assets.models.card.card import Card

BOX = Box(cpu=1, memory_gib=2)


def model_card(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The asset `model_card`."""

    @dg.asset(
        name="model_card",
        deps=["next_item_promotion", "next_item_evaluation", "purchase_intent_promotion"],
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name="models",
        op_tags=BOX.op_tags(),
        code_version=code_version(
            "models",
            "models/next_item/thresholds.toml",
            "pages",
            "drawing.py",
            "lake/tables.py",
            libraries=("matplotlib", "numpy", "polars"),
        ),
        kinds={"html"},
    )
    def cards(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """Who serves and since when, what it learned from, how it was measured, where it fails: a page a model."""
        from rs_assets.models.card import CARD, PAGES, publish_cards

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            found = publish_cards(staged, dates, announce(context, CARD, dates))
            records = publish(context, staged)[CARD]
        place = lake.open()
        by_date: dict[str, dict[str, Any]] = {
            log_date: {
                **{
                    name: dg.MetadataValue.path(place.place(CARD, log_date, file))
                    for name, file in PAGES.items()
                },
                **{
                    f"{card.model}_champion": str(card.standing.champion or "nobody")
                    for card in found.get(log_date, ())
                },
            }
            for log_date in dates
        }
        for card in found.get(dates[-1], ()):
            by_date[dates[-1]] |= _shown(card)
        by_date[dates[-1]] |= _mirrored(context, lake)
        return materialized(context, CARD, records, columns(CARD, place.object(CARD, dates[-1])), by_date)

    return cards


def _mirrored(context: dg.AssetExecutionContext, lake: LakeResource) -> dict[str, str]:
    """What MLflow was told, where MLFLOW_TRACKING_URI is set. Its trouble is a warning and stops nothing."""
    if not (uri := os.environ.get("MLFLOW_TRACKING_URI")):
        return {}
    from rs_assets.models.mirror import mirror
    from rs_assets.models.promotion.registry import FAMILIES, family_of

    said = {}
    for name in FAMILIES:
        try:
            told = mirror(lake.open(), family_of(name), uri)
            said[f"{name}_in_mlflow"] = f"{told.model}, version {told.version}" if told else "nobody serves"
        except Exception as problem:  # whatever a server elsewhere does, the data is published
            context.log.warning(f"MLflow was not told of {name}: {type(problem).__name__}: {problem}")
            said[f"{name}_in_mlflow"] = "not told; see the log"
    return said


def _champions(cards: "Iterable[Card]") -> dict[str, str]:
    return {f"{card.model}_champion": str(card.standing.champion or "nobody") for card in cards}


def _shown(card: "Card") -> dict[str, Any]:
    """A card's plots and metrics; for the last date of a run, since the event store holds them."""
    from rs_assets import drawing

    shown: dict[str, Any] = {}
    for section in card.sections:
        if section.title == "Metrics" and section.table is not None:
            shown[f"{card.model}_metrics"] = rows_table(section.table)
        for says, png in section.plots:
            name = says.split()[0].lower()
            shown[f"{card.model}_{name}"] = dg.MetadataValue.md(drawing.as_markdown(png, says))
    return shown
