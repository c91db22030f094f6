"""The whole graph, assembled: `build_defs()` is the one assembly and the one test seam.

`defs` is what `workspace.yaml` loads.
"""

from __future__ import annotations

import dagster as dg

from rs_assets.compute.docker.executor import docker_executor
from rs_assets.defs.alert_sensors import alert_sensors
from rs_assets.defs.alerts import alerts
from rs_assets.defs.dbt import dbt_models
from rs_assets.defs.events import split
from rs_assets.defs.jobs import jobs
from rs_assets.defs.model_card import model_card
from rs_assets.defs.models import purchase_intent
from rs_assets.defs.next_item import next_item
from rs_assets.defs.pages import described
from rs_assets.defs.partitions import log_dates
from rs_assets.defs.project_assets import project_definitions, project_tables
from rs_assets.defs.promotions import decisions_log
from rs_assets.defs.quarantine_report import quarantine_report
from rs_assets.defs.raw import raw_events, raw_events_seal
from rs_assets.defs.resources import dbt_project, resources
from rs_assets.defs.sealing import sealing
from rs_assets.defs.site_shapes import site_shapes
from rs_assets.log import RawLog
from rs_assets.settings import Settings

# Steps fork from a server that has loaded the graph and dbt once: 1.2 s a step where a new interpreter takes 4.
# Nothing that starts threads (polars, DuckDB) is imported by then.
MULTIPROCESS = {"start_method": {"forkserver": {"preload_modules": ["rs_assets.defs.preload"]}}}


def build_defs(settings: Settings | None = None) -> dg.Definitions:
    """The graph over the places that `settings` names (by default: the environment's)."""
    settings = settings or Settings.from_env()
    partitions = log_dates(RawLog(settings.raw_log), settings.first_log_date)
    schedule, by_clock = jobs(partitions, settings.daily_at), sealing(settings)
    ours = dg.Definitions(
        assets=described(
            [
                raw_events(partitions),
                split(partitions, sorted(settings.sites)),
                quarantine_report(partitions),
                alerts(partitions, settings),
                site_shapes(partitions),
                *dbt_models(dbt_project(settings.home), partitions),
                decisions_log(partitions),
                *next_item(partitions),
                *purchase_intent(partitions),
                model_card(partitions),
                *project_tables(partitions),
            ],
            settings.owners,
            settings.daily_at,
        ),
        asset_checks=[raw_events_seal(partitions, settings)],
        jobs=[*schedule.jobs, by_clock.job],
        schedules=[*schedule.schedules, by_clock.schedule],
        sensors=alert_sensors(settings),
        resources=resources(settings),
        executor=_executor(settings.executor),
    )
    added = project_definitions(partitions)
    return dg.Definitions.merge(ours, *added) if added else ours


def _executor(name: str) -> dg.ExecutorDefinition:
    if name == "in_process":
        return dg.in_process_executor
    return docker_executor if name == "docker" else dg.multiprocess_executor.configured(MULTIPROCESS)


defs = build_defs()
