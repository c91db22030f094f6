"""purchase_intent as assets: training set, model, evaluation, promotion, predictions. Dagster concept: plots.

Belongs here: declarations. Does not belong here: what a model is (`models/purchase_intent`).
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.drift import drift
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, preview, table
from rs_assets.defs.promotions import promotion
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource
from rs_assets.extending import source

if TYPE_CHECKING:
    from rs_assets.models.purchase_intent.model import NotTrained, Trained

LIBRARIES = ("numpy", "polars", "scikit-learn", "scipy")
LIGHT, FITTING = Box(cpu=1, memory_gib=2), Box(cpu=2, memory_gib=4)


def purchase_intent(partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The six assets of purchase_intent."""
    common: dict[str, Any] = {
        "partitions_def": partitions,
        "backfill_policy": SINGLE_RUN,
        "group_name": "purchase_intent",
        "code_version": code_version(
            "models/purchase_intent",
            "models/cuts.py",
            "models/weekly.py",
            "models/drift.py",
            "features",
            "lake/tables.py",
            libraries=LIBRARIES,
            more=source("candidates"),
        ),
        "kinds": {"scikitlearn", "polars"},
    }

    @dg.asset(deps=["session_features", "session_labels"], op_tags=LIGHT.op_tags(), **common)
    def purchase_intent_training(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult:
        """Snapshots of the sessions that had closed by the last Monday, each with whether it bought later."""
        from rs_assets.models.purchase_intent import publish as step

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            step.publish_training(staged, dates, announce(context, step.TRAINING, dates))
            records = publish(context, staged)[step.TRAINING]
        last = lake.open().object(step.TRAINING, dates[-1])
        return materialized(
            context, step.TRAINING, records, columns(step.TRAINING, last), {dates[-1]: preview(last)}
        )

    @dg.asset(deps=["purchase_intent_training"], op_tags=FITTING.op_tags(), **common)
    def purchase_intent_model(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """The challenger on the log date: will this session buy, after what has been seen of it?"""
        from rs_assets.models.purchase_intent import publish as step

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            told = announce(context, step.MODEL, dates)
            models = step.publish_model(staged, dates, told, threads=FITTING.cpu)
            records = publish(context, staged)[step.MODEL]
        last = lake.open().object(step.MODEL, dates[-1])
        by_date = {log_date: _in_force(model) for log_date, model in models.items()}
        return materialized(context, step.MODEL, records, columns(step.MODEL, last), by_date)

    @dg.asset(deps=["purchase_intent_model"], op_tags=LIGHT.op_tags(), **common)
    def purchase_intent_evaluation(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult:
        """How the challenger did on the last dates before its cut, beside its baselines."""
        from rs_assets.models.purchase_intent import publish as step

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            models = step.publish_evaluation(staged, dates, announce(context, step.EVALUATION, dates))
            records = publish(context, staged)[step.EVALUATION]
        last = lake.open().object(step.EVALUATION, dates[-1])
        by_date = {log_date: _evaluated(model) for log_date, model in models.items()}
        if model := models.get(dates[-1]):
            by_date[dates[-1]] |= _plots(model)
        return materialized(context, step.EVALUATION, records, columns(step.EVALUATION, last), by_date)

    @dg.asset(deps=["purchase_intent_promotion", "session_features"], op_tags=LIGHT.op_tags(), **common)
    def purchase_intent_predictions(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult:
        """The probability that each session still buys, as of its 3rd, 5th and 10th event of the log date."""
        from rs_assets.models.purchase_intent import publish as step
        from rs_assets.models.purchase_intent.promotion import champion

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            told = announce(context, step.PREDICTIONS, dates)
            step.publish_predictions(staged, dates, told, champion, threads=LIGHT.cpu)
            records = publish(context, staged)[step.PREDICTIONS]
        last = lake.open().object(step.PREDICTIONS, dates[-1])
        return materialized(
            context, step.PREDICTIONS, records, columns(step.PREDICTIONS, last), {dates[-1]: preview(last)}
        )

    judged_by = ["purchase_intent_model", "purchase_intent_evaluation", "purchase_intent_training"]
    return [
        purchase_intent_training,
        purchase_intent_model,
        purchase_intent_evaluation,
        promotion("purchase_intent", partitions, judged_by, LIBRARIES),
        purchase_intent_predictions,
        drift(partitions, common["code_version"]),
    ]


METRICS = ("pr_auc", "lift", "roc_auc", "brier", "log_loss", "ece")


def _in_force(model: "Trained | NotTrained") -> dict[str, object]:
    """What is in force, or why nothing is."""
    from rs_assets.models.purchase_intent import Trained

    if not isinstance(model, Trained):
        return {"state": model.reason, "cut": str(model.cut), "training_rows": model.rows}
    card = model.card
    return {
        "state": f"{card.chosen}, trained on sessions that closed before {card.cut}",
        "cut": str(card.cut),
        "training_rows": card.rows,
        "positives": card.positives,
        "pr_auc": card.evaluation.value("pr_auc"),
    }


def _evaluated(model: "Trained | NotTrained") -> dict[str, object]:
    """The chosen candidate's metrics, and all candidates side by side."""
    from rs_assets.models.purchase_intent import Trained

    if not isinstance(model, Trained):
        return _in_force(model)
    found = model.card.evaluation
    candidates = found.metrics.filter(found.metrics["slice"] == "all")["candidate"].unique(
        maintain_order=True
    )
    compared = [{"candidate": c, **{name: found.value(name, c) for name in METRICS}} for c in candidates]
    return {
        **_in_force(model),
        **{name: value for name in METRICS if (value := found.value(name)) is not None},
        "candidates": table(compared, "candidate", *METRICS),
    }


def _plots(model: "Trained | NotTrained") -> dict[str, object]:
    """The curves of the chosen candidate; for the last date of a run, since the event store holds them."""
    from rs_assets.models.purchase_intent import Trained

    if not isinstance(model, Trained):
        return {}
    from rs_assets import drawing
    from rs_assets.models import plots

    found = model.card.evaluation
    curve = drawing.as_markdown(plots.pr_curve(found.curves, found.positive_rate), "Precision and recall")
    bins = drawing.as_markdown(plots.calibration(found.calibration), "Calibration")
    return {"precision_recall": dg.MetadataValue.md(curve), "calibration": dg.MetadataValue.md(bins)}
