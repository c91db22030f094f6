"""What assets read, and the stage that a step publishes through. Dagster concepts: code version, run tags.

Belongs here: gathering the declarations that stand with each asset. Does not belong here: the declarations.

Dagster's dependencies say what must be there before; these say, to the log date, what an object is made of. They are
finer: a training set reads weeks, and is declared to depend on its own log date alone (`partitions` says why).
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.defs.resources import LakeResource
from rs_assets.extending import Table, declared

if TYPE_CHECKING:
    from rs_assets.lake.lineage import Lineage, Reads
    from rs_assets.lake.stage import Stage
    from rs_assets.log.erasure import Orders
    from rs_assets.models.promotion import Decisions

REUSE = "rs_assets/reuse"
"""The tag of a run whose steps keep objects that follow from what they would follow from now."""

DECLARED = {
    "valid_events": "rs_assets.contract.publish",
    "quarantined_events": "rs_assets.contract.publish",
    "quarantine_report": "rs_assets.contract.report.publish",
    "site_shapes": "rs_assets.contract.drift.publish",
    "purchase_intent_training": "rs_assets.models.purchase_intent.publish",
    "purchase_intent_model": "rs_assets.models.purchase_intent.publish",
    "purchase_intent_evaluation": "rs_assets.models.purchase_intent.publish",
    "purchase_intent_drift": "rs_assets.models.purchase_intent.publish",
    "purchase_intent_predictions": "rs_assets.models.purchase_intent.publish",
    "next_item_training": "rs_assets.models.next_item.publish",
    "next_item_model": "rs_assets.models.next_item.publish",
    "next_item_evaluation": "rs_assets.models.next_item.publish",
    "recommendations": "rs_assets.models.next_item.publish",
    "model_card": "rs_assets.models.card",
}
"""Modules whose `READS` say what an asset reads; imported for the assets that are asked for alone."""
NOT_OF_THE_LOG = ("raw_events", "box_report")
"""Assets that have no objects in the lake: the log itself, and what is made of the history of runs."""
PROMOTIONS = {
    "purchase_intent_promotion": "rs_assets.models.purchase_intent.promotion",
    "next_item_promotion": "rs_assets.models.next_item.promotion",
}
"""Modules whose `reads` say what a promotion is made of, given the decisions."""


def stage(context: dg.AssetExecutionContext, lake: LakeResource) -> Stage:
    """The stage of a step, which knows what its assets are made of."""
    from rs_assets.lake.stage import Stage

    code = {spec.key.to_user_string(): spec.code_version or "" for spec in context.assets_def.specs}
    return Stage(lake.open(), lineage(code, lake), reuse=context.run.tags.get(REUSE) == "true")


def lineage(code: Mapping[str, str], lake: LakeResource) -> Lineage:
    """Where the objects of these assets come from, given the version of each one's code.

    Assets of companies' `graph` modules have no objects that we made, and are left out.
    """
    from rs_assets.lake.lineage import Lineage
    from rs_assets.log import RawLog
    from rs_assets.log.erasure import read_orders
    from rs_assets.log.erasure.orders import ASSET

    orders = read_orders(RawLog(lake.raw_log))
    found = {asset: _reads(asset, lake) for asset in code}
    reads = {asset: _with_erasures(one, orders) for asset, one in found.items() if one is not None}
    code = {asset: version for asset, version in code.items() if asset in reads}
    return Lineage(code, reads, _Versions(lake.raw_log), {ASSET: orders.version, **_decided(code, lake)})


def code_versions(defs: dg.Definitions) -> dict[str, str]:
    """The code version of every asset that the graph makes of the log, each after what it depends on."""
    graph = defs.resolve_asset_graph()
    order = (key for keys in graph.toposorted_asset_keys_by_level for key in sorted(keys))
    found = {
        key.to_user_string(): graph.get(key).code_version for key in order if graph.get(key).is_executable
    }
    return {asset: version for asset, version in found.items() if version and asset not in NOT_OF_THE_LOG}


def _reads(asset: str, lake: LakeResource) -> Reads | None:
    if asset in DECLARED:
        found: Reads = importlib.import_module(DECLARED[asset]).READS[asset]
        return found
    if asset in PROMOTIONS:
        return importlib.import_module(PROMOTIONS[asset]).reads(decisions(lake))  # type: ignore[no-any-return]
    if asset == "alerts":
        from rs_assets.alerts import load_rules_or_defaults, reads

        return reads(load_rules_or_defaults(lake.alert_rules)[0])
    for table in declared("tables", Table):
        if table.name == asset:
            from rs_assets.lake.lineage import reading

            return reading(*table.reads)
    from rs_assets.defs.dbt import model_reads

    return model_reads(asset, lake.home)


def _with_erasures(reads: Reads, orders: Orders) -> Reads:
    """The same reads, and the erasure orders that concern a log date of the raw log, wherever one is read."""
    if not orders:
        return reads
    from rs_assets.lake.lineage import RAW, Read, days
    from rs_assets.log.erasure.orders import ASSET

    def more(log_date: str) -> tuple[Read, ...]:
        own = reads(log_date)
        dates = sorted({day for read in own if read.asset == RAW for day in days(read)})
        return *own, *(Read(ASSET, day, day) for day in dates if orders.concerning(day))

    return more


def decisions(lake: LakeResource) -> Decisions:
    """What persons have decided about champions."""
    from rs_assets.models.promotion import Decisions

    return Decisions.read(lake.decisions)


def _decided(code: Iterable[str], lake: LakeResource) -> dict[str, Callable[[str], str | None]]:
    """The versions of the decisions about each model whose promotions are among the assets."""
    models = [asset.removesuffix("_promotion") for asset in code if asset in PROMOTIONS]
    if not models:
        return {}
    from rs_assets.models.promotion.decisions import ASSET

    made = decisions(lake)
    return {f"{ASSET}/{model}": made.version(model) for model in models}


class _Versions:
    """The data versions of the raw log's log dates, looked up when they are first asked for."""

    def __init__(self, root: str) -> None:
        self._root = root

    def __call__(self, log_dates: Iterable[str]) -> Mapping[str, str]:
        from rs_assets.log import RawLog
        from rs_assets.log.seals import data_versions

        log = RawLog(self._root)
        there = sorted(set(log_dates) & set(log.log_dates()))
        return data_versions(log, there, dt.datetime.now(dt.UTC).date())  # the day that is not closed yet
