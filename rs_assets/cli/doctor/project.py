"""dbt and Dagster: whether the graph can be loaded and its runs recorded.

Belongs here: the manifest, the storage of runs. Does not belong here: whether folders take a file (`machine`).
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rs_assets.cli.doctor.findings import Finding, examined
from rs_assets.cli.output import place, plural
from rs_assets.extending.dbt import DbtFolder, dbt_folders
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from dagster._daemon.types import DaemonStatus

PATIENCE = 300
"""Seconds in which a daemon, which says each half minute that it is there, was heard of."""
MANIFEST = "Run `make manifest`; `rs-assets replay` does so as well."


def examine(settings: Settings) -> list[Finding]:
    """Everything of this module."""
    return [
        *examined("dbt", lambda: [manifest(one) for one in dbt_folders(settings.home)]),
        *examined("Dagster", lambda: storage(settings.dagster_home)),
    ]


def manifest(project: DbtFolder) -> Finding:
    """Whether dbt's manifest is there, whole, and as new as the project."""
    from rs_assets.transform.manifest import is_fresh

    path = project.manifest
    name = "dbt" if project.base is None else f"dbt: {project.project}"
    if not path.exists():
        return Finding(name, "problem", f"There is no manifest at {place(str(path))}.", MANIFEST)
    try:
        models = len(list(project.models()))
    except (ValueError, KeyError, TypeError):
        return Finding(name, "problem", f"{place(str(path))} is no manifest.", f"Remove it. {MANIFEST}")
    if not is_fresh(project):
        return Finding(name, "problem", f"The manifest is older than {place(str(project.folder))}.", MANIFEST)
    return Finding(name, "fine", f"manifest of {plural(models, 'model')}, as new as the project")


def storage(home: str) -> Finding | list[Finding]:
    """Whether Dagster's instance opens and its runs can be read; if so, whether a daemon serves its schedules."""
    if not (Path(home) / "dagster.yaml").exists():
        if Path(home).is_dir() and any(Path(home).iterdir()):
            return Finding(
                "Dagster", "note", f"{place(home)} has no dagster.yaml.", "The next replay puts ours there."
            )
        return Finding("Dagster", "fine", f"{place(home)}, made on first use")
    import dagster as dg
    import yaml
    from sqlalchemy.exc import SQLAlchemyError

    os.environ["DAGSTER_HOME"] = home  # its dagster.yaml may name it
    try:
        with dg.DagsterInstance.from_config(home) as instance:
            runs = instance.get_runs_count()
            idle = [name for name, one in instance.get_daemon_statuses().items() if not _is_up(one)]
    except (dg.DagsterError, yaml.YAMLError) as problem:
        found = f"{home}/dagster.yaml cannot be used: {str(problem).splitlines()[0]}"
        return Finding("Dagster", "problem", found, "Mend it; deploy/dagster.yaml is the one we ship.")
    except SQLAlchemyError as problem:
        found = f"The history below {home} cannot be read: {str(problem).splitlines()[0]}"
        mend = "Move the folder away: the lake has all results, and the next replay begins a new history."
        return Finding("Dagster", "problem", found, mend)
    return [Finding("Dagster", "fine", f"{place(home)}, {plural(runs, 'run')}"), daemon(idle)]


def _is_up(daemon: DaemonStatus) -> bool:
    """Whether it runs, and was heard of in these minutes: Dagster's own word holds for half an hour after its end."""
    heard = daemon.last_heartbeat.timestamp if daemon.last_heartbeat else 0.0
    return bool(daemon.healthy) and time.time() - heard < PATIENCE


def daemon(idle: list[str]) -> Finding:
    """Whether every daemon that this instance asks for has been heard of lately."""
    if not idle:
        return Finding("daemon", "fine", "running: schedules and sensors are served")
    found = f"Not running: {', '.join(sorted(idle)).lower()}. No schedule or sensor starts anything."
    return Finding(
        "daemon", "note", found, "`make ui` runs it beside the UI; `dagster-daemon run` by itself."
    )
