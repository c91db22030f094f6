"""next_item as assets: training set, model, evaluation, promotion, recommendations. Dagster concepts: assets, checks.

Belongs here: declarations. Does not belong here: what a model is (`models/next_item`).
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, preview, rows_table
from rs_assets.defs.promotions import promotion
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource

if TYPE_CHECKING:
    from rs_assets.models.next_item import NextItem
    from rs_assets.models.next_item.rehearsal import Rehearsal

LIGHT, FITTING = Box(cpu=1, memory_gib=4), Box(cpu=2, memory_gib=8)
LIBRARIES = ("numpy", "polars", "scikit-learn", "scipy", "zstandard")


def next_item(partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The five assets of next_item."""
    common: dict[str, Any] = {
        "partitions_def": partitions,
        "backfill_policy": SINGLE_RUN,
        "group_name": "next_item",
        "code_version": code_version(
            "models/next_item",
            "models/next_item/thresholds.toml",
            "models/cuts.py",
            "models/weekly.py",
            "lake/tables.py",
            libraries=LIBRARIES,
        ),
        "kinds": {"scikitlearn", "polars"},
    }

    @dg.asset(deps=["session_events", "sessions"], op_tags=LIGHT.op_tags(), **common)
    def next_item_training(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """What the sessions met that had closed by the last Monday: items looked at, put into the cart, bought."""
        from rs_assets.models.next_item import publish as step

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            step.publish_training(staged, dates, announce(context, step.TRAINING, dates))
            records = publish(context, staged)[step.TRAINING]
        last = lake.open().object(step.TRAINING, dates[-1])
        return materialized(
            context, step.TRAINING, records, columns(step.TRAINING, last), {dates[-1]: preview(last)}
        )

    @dg.asset(deps=["next_item_training"], op_tags=FITTING.op_tags(), **common)
    def next_item_model(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """The challenger on the log date: what will a session look at next? One recommender a site."""
        from rs_assets.models.next_item import publish as step

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            models = step.publish_model(staged, dates, announce(context, step.MODEL, dates))
            records = publish(context, staged)[step.MODEL]
        last = lake.open().object(step.MODEL, dates[-1])
        by_date = {log_date: _trained(model) for log_date, model in models.items()}
        by_date.setdefault(dates[-1], {}).update(preview(last))
        return materialized(context, step.MODEL, records, columns(step.MODEL, last), by_date)

    @dg.asset(deps=["next_item_training"], op_tags=FITTING.op_tags(), **common)
    def next_item_evaluation(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """How a model made without the window's last dates does on them, with every behaviour that gates it."""
        from rs_assets.models.next_item import publish as step

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            found = step.publish_evaluation(staged, dates, announce(context, step.EVALUATION, dates))
            records = publish(context, staged)[step.EVALUATION]
        last = lake.open().object(step.EVALUATION, dates[-1])
        by_date = {log_date: _evaluated(rehearsal) for log_date, rehearsal in found.items()}
        return materialized(context, step.EVALUATION, records, columns(step.EVALUATION, last), by_date)

    @dg.asset(deps=["next_item_promotion", "session_events"], op_tags=LIGHT.op_tags(), **common)
    def recommendations(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """What the champion recommends to each session that met an item on the log date, the likeliest first."""
        from rs_assets.models.next_item import publish as step
        from rs_assets.models.next_item.promotion import champion

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            told = announce(context, step.RECOMMENDED, dates)
            step.publish_recommendations(staged, dates, told, champion, LIGHT.cpu)
            records = publish(context, staged)[step.RECOMMENDED]
        last = lake.open().object(step.RECOMMENDED, dates[-1])
        return materialized(
            context, step.RECOMMENDED, records, columns(step.RECOMMENDED, last), {dates[-1]: preview(last)}
        )

    judged_by = ["next_item_model", "next_item_evaluation", "next_item_training"]
    return [
        next_item_training,
        next_item_model,
        next_item_evaluation,
        promotion("next_item", partitions, judged_by, LIBRARIES),
        recommendations,
    ]


def _trained(model: "NextItem") -> dict[str, Any]:
    """What the challenger is, site by site."""
    return {
        "cut": str(model.cut),
        "sites": len(model.sites),
        "sessions": sum(site.card.sessions for site in model.sites.values()),
        "items": sum(site.card.items for site in model.sites.values()),
    }


def _evaluated(rehearsal: "Rehearsal") -> dict[str, Any]:
    """The metrics over all questions, and every verdict."""
    import polars as pl

    metrics, verdicts = rehearsal.evaluation.metrics, rehearsal.evaluation.verdicts
    overall = metrics.filter(pl.col("slice") == "all").drop("slice")
    return {
        "held_back_from": str(rehearsal.boundary or "nothing"),
        "gates_failed": verdicts.filter(~pl.col("passed")).height,
        "metrics": rows_table(overall),
        "verdicts": rows_table(verdicts),
    }
