"""A run whose steps are containers: cleans up before and after, and tries again what was killed.

Belongs here: what concerns all steps of a run. Does not belong here: a single one's container (`step_handler`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import dagster as dg
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import IStepContext, PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.execution.run_cancellation_thread import start_run_cancellation_thread
from dagster._core.executor.step_delegating import StepDelegatingExecutor
from dagster_shared.error import SerializableErrorInfo

from rs_assets.compute.docker.instance import failure, lost, retry
from rs_assets.compute.docker.launcher import WorkerLauncher
from rs_assets.compute.docker.step_handler import BoxStepHandler


class BoxExecutor(StepDelegatingExecutor):
    """Dagster's own loop over steps, around a `BoxStepHandler`."""

    @property
    def handler(self) -> BoxStepHandler:
        """The handler of this run's containers."""
        return cast(BoxStepHandler, self._step_handler)

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        """Run the plan."""
        run_id = plan_context.run_id
        self.handler.remove_old(plan_context.instance)
        cancelled = True
        try:
            with _cancelled_by_status(plan_context.instance, run_id):
                for event in super().execute(plan_context, execution_plan):
                    if event.is_step_success:
                        self.handler.succeeded(run_id, event.step_key or "")
                    yield event
            cancelled = False
        finally:  # a signal that cancels a run is raised wherever it finds Dagster's loop
            self.handler.close(run_id, cancelled=cancelled)

    def log_failure_or_retry_event_after_error(
        self,
        step_context: IStepContext,
        err_info: SerializableErrorInfo,
        known_state: KnownExecutionState,
    ) -> DagsterEvent:
        """The event of a step whose container has ended badly, as the handler has explained it."""
        if loss := self.handler.losses.pop(step_context.step.key, None):
            return DagsterEvent.step_retry_event(step_context, lost(loss))
        kill = self.handler.kills.pop(step_context.step.key, None)
        if kill is None:
            return super().log_failure_or_retry_event_after_error(step_context, err_info, known_state)
        if kill.next_mib:
            return DagsterEvent.step_retry_event(step_context, retry(kill))
        return DagsterEvent.step_failure_event(step_context, failure(kill))


@contextmanager
def _cancelled_by_status(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Interrupt this process when its run is to be cancelled, where whoever asks for that cannot reach it."""
    if not isinstance(instance.run_launcher, WorkerLauncher):
        yield
        return
    watcher, over = start_run_cancellation_thread(instance, run_id)
    try:
        yield
    finally:
        over.set()
        watcher.join()
