"""Inside the container: a step whose process was killed for memory says so. Dagster concept: instance.

Belongs here: what the step itself writes into the event log. Does not belong here: a step that was killed itself and
can say nothing any more (`executor`).

A library that works with processes of its own tells of a "broken pool", or of nothing, when the kernel kills one. The
kernel has counted it, though, so the failure is told with its reason, and tried again in a larger box where the step
may be.
"""

from __future__ import annotations

import os
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.execution.plan.objects import (
    ErrorSource,
    StepFailureData,
    StepRetryData,
    UserFailureData,
)
from dagster_shared.error import SerializableErrorInfo

from rs_assets.compute.docker.memory import Kill, oom_kills
from rs_assets.errors import UserError

LIMIT, NEXT_LIMIT = "RS_STEP_MEMORY_MIB", "RS_STEP_NEXT_MEMORY_MIB"
"""The step's limit, and that of its next attempt if it may have one: the step handler sets them."""


class StepInstance(dg.DagsterInstance):
    """The instance, as steps in containers see it."""

    def handle_new_event(self, event: dg.EventLogEntry, *, batch_metadata: Any = None) -> None:
        """Store an event; a failure after a kill for memory is told as one."""
        failed = event.dagster_event
        if failed is not None and failed.is_step_failure and LIMIT in os.environ and oom_kills():
            event = event._replace(dagster_event=_explained(failed))
        super().handle_new_event(event, batch_metadata=batch_metadata)


def _explained(failed: DagsterEvent) -> DagsterEvent:
    data = failed.step_failure_data
    if data.error_source == ErrorSource.INTERRUPT:
        return failed
    later = int(os.environ[NEXT_LIMIT]) if NEXT_LIMIT in os.environ else None
    kill = Kill(failed.step_key or "", int(os.environ[LIMIT]), later, child=True)
    if later is None:
        return failed._replace(event_specific_data=failure(kill, data.error))
    return failed._replace(
        event_type_value=DagsterEventType.STEP_UP_FOR_RETRY.value,
        event_specific_data=retry(kill, data.error),
        message=str(kill),
    )


def retry(kill: Kill, cause: SerializableErrorInfo | None = None) -> StepRetryData:
    """What is recorded of a step that is tried again."""
    return StepRetryData(_error(kill, cause))


def failure(kill: Kill, cause: SerializableErrorInfo | None = None) -> StepFailureData:
    """What is recorded of a step that is not, for a person first."""
    told = UserFailureData("Out of memory", str(kill))
    # What the user's code raised has a cause, for Dagster; a step that was killed has raised nothing.
    source = ErrorSource.USER_CODE_ERROR if cause else ErrorSource.UNEXPECTED_ERROR
    return StepFailureData(_error(kill, cause), told, source)


def lost(said: str) -> StepRetryData:
    """What is recorded of a step that is tried again because somebody has ended its container."""
    return StepRetryData(SerializableErrorInfo(f"ContainerLost: {said}\n", [], "ContainerLost"))


def not_started(problem: UserError) -> StepFailureData:
    """What is recorded of a step that has no container."""
    error = SerializableErrorInfo(f"UserError: {problem}\n", [], "UserError")
    return StepFailureData(error, UserFailureData("Not started", str(problem)), ErrorSource.UNEXPECTED_ERROR)


def _error(kill: Kill, cause: SerializableErrorInfo | None) -> SerializableErrorInfo:
    return SerializableErrorInfo(f"OutOfMemory: {kill}\n", [], "OutOfMemory", cause)
