"""What runs the steps: the executors that RS_EXECUTOR selects. Dagster concept: executor.

Belongs here: which name is which, and what each needs. Does not belong here: containers (`docker`), how steps share
a machine's memory (`room`).

Kubernetes' and ECS's are Dagster's own, as they are: the op's tags say to them what the box asks for. Their packages
are extras and are imported when they are selected.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

import dagster as dg

from rs_assets.compute.box import Box
from rs_assets.errors import UserError
from rs_assets.extending.projects import named

# Steps fork from a server that has loaded the graph and dbt once: 1.2 s a step where a new interpreter takes 4.
# Nothing that starts threads (polars, DuckDB) is imported by then.
MULTIPROCESS = {"start_method": {"forkserver": {"preload_modules": ["rs_assets.defs.preload"]}}}

ELSEWHERE = {
    "docker": ("rs_assets.compute.docker.executor", "docker_executor", "docker"),
    "k8s": ("dagster_k8s", "k8s_job_executor", "k8s"),
    "ecs": ("dagster_aws.ecs", "ecs_executor", "ecs"),
}
"""Executors whose steps run in containers: module, name in it, the extra that installs what it needs."""


def executor(name: str, boxes: Iterable[Box] = ()) -> dg.ExecutorDefinition:
    """The executor of this name, one of `settings.EXECUTORS` or of a project's.

    Args:
        name: RS_EXECUTOR.
        boxes: of the graph's steps.

    Raises:
        UserError: what it needs is not installed, or it has no machine for one of the boxes.
    """
    if name == "in_process":
        return dg.in_process_executor
    if name == "multiprocess":
        return dg.multiprocess_executor.configured(MULTIPROCESS)
    if (own := named("executors", name)) is not None:
        if not isinstance(own, dg.ExecutorDefinition):
            raise UserError(f"RS_EXECUTOR={name} is a {type(own).__name__}.", "Name a Dagster executor.")
        return own
    if name == "ecs":
        for box in boxes:  # untagged, a step would run in the size of the step before
            box.fargate()
    module, found, extra = ELSEWHERE[name]
    try:
        made: dg.ExecutorDefinition = getattr(importlib.import_module(module), found)
    except ImportError as missing:
        raise UserError(
            f"RS_EXECUTOR={name} needs {missing.name}, which is not installed.",
            f"Install the extra: `pip install 'rs_assets[{extra}]'`.",
        ) from None
    return made
