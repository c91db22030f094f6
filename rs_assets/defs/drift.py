"""purchase_intent_drift: how far each day's inputs are from what the model knows. Dagster concepts: asset, check.

Belongs here: the declaration. Does not belong here: the index (`models/drift`).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, preview
from rs_assets.defs.publishing import announce, materialized, publish, told_one_by_one
from rs_assets.defs.resources import LakeResource

if TYPE_CHECKING:
    import polars as pl

BOX = Box(cpu=1, memory_gib=2)
KEY = dg.AssetKey("purchase_intent_drift")


def drift(partitions: dg.PartitionsDefinition, code_version: str) -> dg.AssetsDefinition:
    """The asset `purchase_intent_drift`, with a check that warns and blocks nothing."""

    @dg.asset(
        deps=["purchase_intent_training", "session_features"],
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name="purchase_intent",
        code_version=code_version,
        kinds={"polars"},
        op_tags=BOX.op_tags(),
        check_specs=[
            dg.AssetCheckSpec(
                STABLE,
                asset=KEY,
                description="No input has moved far from what the model learned from (PSI above 0.25 and chance).",
            )
        ],
    )
    def purchase_intent_drift(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[Any]:
        """How far the log date's snapshots are from those that the challenger learned from, input by input."""
        from rs_assets.models.purchase_intent import publish as step

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            found = step.publish_drift(staged, dates, announce(context, step.DRIFTED, dates))
            records = publish(context, staged)[step.DRIFTED]
        last = lake.open().object(step.DRIFTED, dates[-1])
        by_date = {log_date: _moved(frame) for log_date, frame in found.items()}
        by_date.setdefault(dates[-1], {}).update(preview(last))
        yield materialized(context, step.DRIFTED, records, columns(step.DRIFTED, last), by_date)
        yield from _stable(found, list(found))

    return purchase_intent_drift


STABLE = "stable"


def _moved(found: "pl.DataFrame") -> dict[str, Any]:
    """The inputs that have drifted, and the largest index."""
    import polars as pl

    drifted = found.filter(pl.col("drifted"))["input"].to_list()
    largest = found["psi"].max()
    shown = {"largest_psi": largest} if isinstance(largest, float) else {}
    return {"drifted": ", ".join(drifted) or "none", **shown}


def _stable(found: "Mapping[str, pl.DataFrame]", dates: list[str]) -> Iterator[Any]:
    """The check, for log dates one by one and for all of them."""
    moved = {log_date: frame.filter(frame["drifted"])["input"].to_list() for log_date, frame in found.items()}
    for log_date in told_one_by_one(dates, [log_date for log_date in dates if moved[log_date]]):
        yield dg.AssetCheckEvaluation(
            asset_key=KEY,
            check_name=STABLE,
            passed=not moved[log_date],
            partition=log_date,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"drifted": ", ".join(moved[log_date]) or "none"},
        )
    yield dg.AssetCheckResult(
        asset_key=KEY,
        check_name=STABLE,
        passed=not any(moved.values()),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"log_dates": len(dates), "drifted_on": ", ".join(d for d in dates if moved[d]) or "none"},
    )
