"""The whole graph, assembled: `build_defs()` is the one assembly and the one test seam.

`defs` is what `workspace.yaml` loads.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from rs_assets.compute.executors import executor
from rs_assets.compute.room import Room, machine_mib
from rs_assets.defs.alert_sensors import alert_sensors
from rs_assets.defs.alerts import alerts
from rs_assets.defs.box_report import box_report, reporting
from rs_assets.defs.dbt import dbt_models
from rs_assets.defs.events import split
from rs_assets.defs.history import write_together
from rs_assets.defs.jobs import jobs
from rs_assets.defs.measuring import boxes, measured
from rs_assets.defs.model_card import model_card
from rs_assets.defs.models import purchase_intent
from rs_assets.defs.next_item import next_item
from rs_assets.defs.pages import described
from rs_assets.defs.partitions import log_dates
from rs_assets.defs.project_assets import project_definitions, project_tables
from rs_assets.defs.promotions import decisions_log
from rs_assets.defs.quarantine_report import quarantine_report
from rs_assets.defs.raw import raw_events, raw_events_seal
from rs_assets.defs.resources import resources
from rs_assets.defs.sealing import sealing
from rs_assets.defs.site_shapes import site_shapes
from rs_assets.defs.start_page import start_page
from rs_assets.log import RawLog
from rs_assets.settings import Settings


def build_defs(settings: Settings | None = None) -> dg.Definitions:
    """The graph over the places that `settings` names (by default: the environment's)."""
    settings = settings or Settings.from_env()
    write_together()
    partitions = log_dates(RawLog(settings.raw_log), settings.first_log_date)
    schedule, by_clock = jobs(partitions, settings.daily_at), sealing(settings)
    on_boxes = reporting()
    assets = described(
        [
            raw_events(partitions, settings),
            split(partitions, sorted(settings.sites)),
            quarantine_report(partitions),
            alerts(partitions, settings),
            site_shapes(partitions),
            *dbt_models(settings.home, partitions),
            decisions_log(partitions),
            *next_item(partitions),
            *purchase_intent(partitions),
            model_card(partitions),
            *project_tables(partitions),
            box_report(settings),
        ],
        settings,
    )
    ours = dg.Definitions(
        assets=measured(assets, _room(settings)),
        asset_checks=[raw_events_seal(partitions, settings)],
        jobs=[*schedule.jobs, by_clock.job, on_boxes[0]],
        schedules=[*schedule.schedules, by_clock.schedule, on_boxes[1]],
        sensors=[*alert_sensors(settings), start_page(settings)],
        resources=resources(settings),
        executor=executor(settings.executor, boxes(assets).values()),
    )
    added = project_definitions(partitions)
    return dg.Definitions.merge(ours, *added) if added else ours


def _room(settings: Settings) -> Room | None:
    """The memory that steps share; containers have their own."""
    if settings.executor != "multiprocess":
        return None
    memory = settings.memory_gib
    return Room(Path(settings.home) / "room", int(memory * 1024) if memory else machine_mib())


defs = build_defs()
