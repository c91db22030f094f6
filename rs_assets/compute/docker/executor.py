"""The executor that `RS_EXECUTOR=docker` selects. Dagster concept: executor.

Belongs here: the run as a whole: its beginning and end, and whether a step that was killed is tried again. Does not
belong here: a single step's container (`step_handler`).

Nothing of Docker is imported until a run is executed: steps load this module, too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.executor_definition import multiple_process_executor_requirements
from dagster._core.execution.retries import RetryMode, get_retries_config

from rs_assets.errors import UserError

SLEEP_SECONDS, HEALTH_SECONDS = 0.2, 2
"""How often the event log is read, and containers are looked at: an out-of-memory kill is told within 2 s."""


@dg.executor(
    name="docker",
    config_schema={
        "retries": get_retries_config(),
        "max_concurrent": dg.Field(
            dg.IntSource,
            is_required=False,
            description="Containers of one run side by side; as many as this machine has cores by default.",
        ),
    },
    requirements=multiple_process_executor_requirements(),
)
def docker_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """Each step in a container of its own, as large as its box says (docs/containers.md)."""
    from rs_assets.compute.docker.container import Policy
    from rs_assets.compute.docker.mounts import make_places
    from rs_assets.settings import Settings

    try:
        from rs_assets.compute.docker.delegating import BoxExecutor
        from rs_assets.compute.docker.step_handler import BoxStepHandler
    except ImportError as missing:
        raise UserError(
            f"RS_EXECUTOR=docker needs {missing.name}, which is not installed.",
            "Install the extra: `pip install 'rs_assets[docker]'`.",
        ) from None
    settings = Settings.from_env()
    if not os.environ.get("RS_DOCKER_MOUNTS"):
        make_places(settings)
    config: Mapping[str, Any] = init_context.executor_config
    retries = RetryMode.from_config(config["retries"]) or RetryMode.ENABLED
    return BoxExecutor(
        BoxStepHandler(Policy.from_env(settings)),
        retries=retries,
        sleep_seconds=SLEEP_SECONDS,
        check_step_health_interval_seconds=HEALTH_SECONDS,
        max_concurrent=config.get("max_concurrent") or os.cpu_count(),
    )
