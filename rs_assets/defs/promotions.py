"""Promotions as assets: who serves on each log date, and why. Dagster concepts: an external asset, a factory.

Belongs here: the declaration, the same for every model. Does not belong here: the rule (`models/promotion`), or how
a model is judged (its own `promotion`).
"""

import importlib
from typing import TYPE_CHECKING, Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.lineage import PROMOTIONS, decisions, stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, rows_table
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource

if TYPE_CHECKING:
    from rs_assets.models.promotion import Standing

BOX = Box(cpu=1, memory_gib=4)


def decisions_log(partitions: dg.PartitionsDefinition) -> dg.AssetSpec:
    """What persons decide, by the log date from which it holds: an input that the graph does not make."""
    return dg.AssetSpec(
        "decisions",
        partitions_def=partitions,
        group_name="log",
        description="The decisions log: which model a person has promoted or rolled back, from which log date on, "
        "and why. Written by `rs-assets model`; a replay repeats it.",
        kinds={"json"},
    )


def promotion(
    model: str, partitions: dg.PartitionsDefinition, deps: list[str], libraries: tuple[str, ...]
) -> dg.AssetsDefinition:
    """The asset `<model>_promotion`.

    Args:
        deps: the assets of the model that its challenger is judged by.
        libraries: distributions that the comparison's numbers depend on.
    """
    asset = f"{model}_promotion"

    @dg.asset(
        name=asset,
        deps=[*deps, "decisions"],
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name=model,
        op_tags=BOX.op_tags(),
        code_version=code_version(
            "models/promotion",
            f"models/{model}",
            "models/cuts.py",
            "features/suspicions.py",
            "lake/tables.py",
            libraries=libraries,
        ),
        kinds={"polars"},
        description="Who serves on the log date: the challenger, where it passes every gate and is worse than the "
        "champion on no protected slice; else the champion so far; or whom a person has decided for.",
    )
    def promote(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        from rs_assets.models.promotion import publish_promotion

        family = importlib.import_module(PROMOTIONS[asset]).FAMILY
        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            told = announce(context, asset, dates)
            standings = publish_promotion(staged, dates, told, family, decisions(lake))
            records = publish(context, staged)[asset]
        by_date = {log_date: _stands(standing) for log_date, standing in standings.items()}
        last = lake.open()
        by_date.setdefault(dates[-1], {})["comparison"] = _comparison(last.object(asset, dates[-1], COMPARED))
        return materialized(context, asset, records, columns(asset, last.object(asset, dates[-1])), by_date)

    return promote


COMPARED = "comparison.parquet"


def _stands(standing: "Standing") -> dict[str, Any]:
    return {
        "champion": str(standing.champion or "nobody"),
        "since": str(standing.since or ""),
        "challenger": str(standing.cut),
        "outcome": str(standing.outcome),
        "by": standing.by,
        "reasons": dg.MetadataValue.md("\n".join(f"- {reason}" for reason in standing.reasons)),
    }


def _comparison(path: str) -> dg.TableMetadataValue:
    import polars as pl

    return rows_table(pl.read_parquet(path, glob=False))
