"""A graph of its own: four assets that need 4 GiB each and write down when they were at work."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import dagster as dg

from rs_assets.compute import Box
from rs_assets.compute.executors import executor
from rs_assets.compute.room import Room
from rs_assets.defs.measuring import measured, used

PLACE = Path(os.environ.get("WEIGHED", "."))
NAMES = ("one", "two", "three", "four")


def _asset(name: str) -> dg.AssetsDefinition:
    @dg.asset(name=name, op_tags=Box(cpu=1, memory_gib=4).op_tags())
    def work() -> dg.MaterializeResult:
        import polars as pl

        began = time.time()
        time.sleep(4)
        told = {"began": began, "ended": time.time(), "threads": pl.thread_pool_size()}
        (PLACE / f"{name}.json").write_text(json.dumps(told))
        return dg.MaterializeResult(metadata=used().metadata())

    return work


def build(memory_gib: float) -> dg.Definitions:
    """The graph on a machine with so much memory."""
    room = Room(PLACE / "room", int(memory_gib * 1024))
    assets = measured([_asset(name) for name in NAMES], room)
    return dg.Definitions(
        assets=assets,
        jobs=[dg.define_asset_job("work")],
        executor=executor("multiprocess"),
    )


def job() -> dg.JobDefinition:
    """The job, as step processes load it."""
    return build(float((PLACE / "gib").read_text())).resolve_job_def("work")
