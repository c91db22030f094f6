"""purchase_intent as assets: training set, model, evaluation, predictions. Dagster concepts: assets, plots.

Belongs here: declarations. Does not belong here: what a model is (`models/purchase_intent`).
"""

from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import preview, table
from rs_assets.defs.publishing import announce, materialized
from rs_assets.defs.resources import LakeResource

if TYPE_CHECKING:
    from rs_assets.models.purchase_intent.model import NotTrained, Trained

LIGHT, FITTING = Box(cpu=1, memory_gib=2), Box(cpu=2, memory_gib=4)


def purchase_intent(partitions: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The four assets of purchase_intent."""
    version = code_version("models", "lake/tables.py")
    kinds = {"scikitlearn", "polars"}
    group = "purchase_intent"

    @dg.asset(
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name=group,
        code_version=version,
        kinds=kinds,
        op_tags=LIGHT.op_tags(),
        deps=["session_features", "session_labels"],
    )
    def purchase_intent_training(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult:
        """Snapshots of the sessions that had closed by the last Monday, each with whether it bought later."""
        from rs_assets.models.purchase_intent import publish

        dates = list(context.partition_keys)
        done = publish.publish_training(lake.open(), dates, announce(context, publish.TRAINING, dates))
        about = preview(lake.open().object(publish.TRAINING, dates[-1]))
        return materialized(context, publish.TRAINING, done.digests, done.rows, about)

    @dg.asset(
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name=group,
        code_version=version,
        kinds=kinds,
        op_tags=FITTING.op_tags(),
        deps=["purchase_intent_training"],
    )
    def purchase_intent_model(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """The model in force on the log date: will this session buy, after what has been seen of it?"""
        from rs_assets.models.purchase_intent import publish

        dates = list(context.partition_keys)
        done = publish.publish_model(
            lake.open(), dates, announce(context, publish.MODEL, dates), threads=FITTING.cpu
        )
        about = {**preview(lake.open().object(publish.MODEL, dates[-1])), **_in_force(done.latest)}
        return materialized(context, publish.MODEL, done.digests, done.rows, about)

    @dg.asset(
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name=group,
        code_version=version,
        kinds=kinds,
        op_tags=LIGHT.op_tags(),
        deps=["purchase_intent_model"],
    )
    def purchase_intent_evaluation(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult:
        """How the model in force did on the last dates before its cut, beside its baselines."""
        from rs_assets.models.purchase_intent import publish

        dates = list(context.partition_keys)
        done = publish.publish_evaluation(lake.open(), dates, announce(context, publish.EVALUATION, dates))
        return materialized(context, publish.EVALUATION, done.digests, done.rows, _evaluated(done.latest))

    @dg.asset(
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name=group,
        code_version=version,
        kinds=kinds,
        op_tags=LIGHT.op_tags(),
        deps=["purchase_intent_model", "session_features"],
    )
    def purchase_intent_predictions(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult:
        """The probability that each session still buys, as of its 3rd, 5th and 10th event of the log date."""
        from rs_assets.models.purchase_intent import publish

        dates = list(context.partition_keys)
        done = publish.publish_predictions(
            lake.open(), dates, announce(context, publish.PREDICTIONS, dates), threads=LIGHT.cpu
        )
        about = preview(lake.open().object(publish.PREDICTIONS, dates[-1]))
        return materialized(context, publish.PREDICTIONS, done.digests, done.rows, about)

    return [
        purchase_intent_training,
        purchase_intent_model,
        purchase_intent_evaluation,
        purchase_intent_predictions,
    ]


def _in_force(model: "Trained | NotTrained | None") -> dict[str, object]:
    from rs_assets.models.purchase_intent import Trained

    if model is None or not isinstance(model, Trained):
        return {"state": getattr(model, "reason", "no log date")}
    card = model.card
    return {
        "state": f"{card.chosen}, cut {card.cut}",
        "training_rows": card.rows,
        "positives": card.positives,
    }


def _evaluated(model: "Trained | NotTrained | None") -> dict[str, object]:
    """The candidates side by side, and the curves of the chosen one."""
    from rs_assets.models.purchase_intent import Trained

    if model is None or not isinstance(model, Trained):
        return _in_force(model)
    from rs_assets.models import plots

    found = model.card.evaluation
    names = ("pr_auc", "lift", "roc_auc", "brier", "log_loss", "ece")
    candidates = found.metrics["candidate"].unique(maintain_order=True).to_list()
    compared = [{"candidate": c, **{name: found.value(name, c) for name in names}} for c in candidates]
    return {
        **_in_force(model),
        **{name: value for name in names if (value := found.value(name)) is not None},
        "candidates": table(compared, "candidate", *names),
        "precision_recall": dg.MetadataValue.md(
            plots.as_markdown(plots.pr_curve(found.curves, found.positive_rate), "Precision and recall")
        ),
        "calibration": dg.MetadataValue.md(
            plots.as_markdown(plots.calibration(found.calibration), "Calibration")
        ),
    }
