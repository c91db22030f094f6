"""Dagster's own executors for clusters, made to start every step of the graph."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.execution.context.system import PlanData, PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.executor.init import InitExecutorContext
from dagster._core.executor.step_delegating import StepDelegatingExecutor, StepHandlerContext
from dagster._core.log_manager import DagsterLogManager
from dagster._grpc.types import ExecuteStepArgs

from rs_assets.compute import Box
from rs_assets.compute.executors import executor
from rs_assets.defs.launch import replay_job


def boxes() -> dict[str, Box]:
    """Each step's box."""
    nodes = replay_job().nodes
    return {node.name: Box.of_tags(node.definition.tags) for node in nodes}


def launch_every_step(name: str, on: dg.DagsterInstance, config: dict[str, Any]) -> Iterator[str]:
    """Start each step of `replay_job` with the stock executor of this name, configured; each step's key, started."""
    job = dg.reconstructable(replay_job)
    definition = executor(name, boxes().values())
    run = on.create_run_for_job(replay_job())
    made = definition.executor_creation_fn(
        InitExecutorContext(
            job=job,
            executor_def=definition,
            executor_config={"retries": {"enabled": {}}, **config},
            instance=on,
        )
    )
    assert isinstance(made, StepDelegatingExecutor)
    plan: ExecutionPlan = dg._core.execution.api.create_execution_plan(job)
    data = PlanData(job=job, dagster_run=run, instance=on, execution_plan=plan)
    log = DagsterLogManager.create(loggers=[], dagster_run=run, instance=on)
    context = PlanOrchestrationContext(data, log, made, None)
    for step in plan.get_steps_to_execute_in_topo_order():
        args = ExecuteStepArgs(job.get_python_origin(), run.run_id, [step.key], None)
        with contextlib.closing(
            made._step_handler.launch_step(StepHandlerContext(on, context, plan.steps, args, run))
        ) as events:
            list(events)
        yield step.key
