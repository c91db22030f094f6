"""One step, one container: started, looked after, stopped. Dagster concept: step handler.

Belongs here: talking to Docker about the containers of a run. Does not belong here: what a container is made of
(`container`), what follows for the run (`executor`).

dagster-docker's own handler gives every step the launcher's size, its mounts and its socket. Of that, nothing is
taken over here: a container is what its box and the policy say.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import dagster as dg
import docker
from dagster._core.events import DagsterEvent
from dagster._core.executor.step_delegating import CheckStepHealthResult, StepHandlerContext
from dagster._grpc.types import ExecuteStepArgs
from dagster._serdes import ConfigurableClassData
from dagster_docker.container_context import DockerContainerContext
from dagster_docker.docker_executor import DockerStepHandler
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container

from rs_assets.compute.box import Box
from rs_assets.compute.docker import upkeep
from rs_assets.compute.docker.container import Policy, create_arguments
from rs_assets.compute.docker.instance import LIMIT, NEXT_LIMIT, StepInstance, not_started
from rs_assets.compute.docker.memory import RETRIES, Kill, larger_mib
from rs_assets.errors import UserError

RUN, STEP, ATTEMPT, MEMORY = "rs_assets.run", "rs_assets.step", "rs_assets.attempt", "rs_assets.memory_mib"
KILLED, LOST_RETRIES = 137, 1
"""The exit code of what was killed, and how often a step is tried again whose container somebody else has ended."""


class BoxStepHandler(DockerStepHandler):
    """Containers as large as the steps' boxes.

    Order of calls: `remove_old` when a run begins; for each step `launch_step`, `check_step_health` until it has
    ended, or `terminate_step`; `succeeded` as steps succeed, and `close` at last.

    Attributes:
        kills: of steps that were found killed for memory, until somebody takes them out.
        losses: what is said of steps whose containers somebody else has ended and that are to be tried again.
    """

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy.image, DockerContainerContext())
        self.policy = policy
        self.client = docker.from_env()
        self.kills: dict[str, Kill] = {}
        self.losses: dict[str, str] = {}
        self._succeeded: set[str] = set()
        # A container takes half a second to end and to be removed, for which no other step is to wait.
        self._cleaner = ThreadPoolExecutor(1)

    @property
    def name(self) -> str:
        """What Dagster's engine events call it."""
        return "BoxStepHandler"

    def _get_client(self, docker_container_context: DockerContainerContext) -> Any:
        return self.client

    def _get_docker_container_context(
        self, step_handler_context: StepHandlerContext
    ) -> DockerContainerContext:
        """Nothing of the run launcher's: its mounts and its socket are its own."""
        return DockerContainerContext()

    def _get_image(self, step_handler_context: StepHandlerContext) -> str:
        return self._box(step_handler_context).image or self.policy.image

    def launch_step(self, step_handler_context: StepHandlerContext) -> Iterator[DagsterEvent]:
        """Create and start the step's container; the step fails where Docker has no image or refuses."""
        step, image = self._get_step_key(step_handler_context), self._get_image(step_handler_context)
        self.losses.pop(step, None)
        try:
            yield from super().launch_step(step_handler_context)
            return
        except APIError as refused:
            problem = UserError(
                f"Docker does not start a container for {step}: {refused.explanation}.",
                "docs/containers.md says what a container is given, and from where.",
            )
        try:
            self.client.images.get(image)
        except ImageNotFound:
            problem = UserError(f"Docker has no image {image!r}.", "Run `make image`, or set RS_IMAGE.")
        context = step_handler_context.get_step_context(step)
        yield DagsterEvent.step_failure_event(context, not_started(problem))

    def _create_step_container(
        self,
        client: Any,
        container_context: DockerContainerContext,
        step_image: str,
        step_handler_context: StepHandlerContext,
    ) -> Container:
        step = self._get_step_key(step_handler_context)
        attempt = _attempt(step_handler_context)
        memory = self._memory_mib(step_handler_context, attempt)
        arguments = create_arguments(self._box(step_handler_context), self.policy, memory)
        later = self.next_memory_mib(step_handler_context, memory)
        told = {LIMIT: str(memory), **({NEXT_LIMIT: str(later)} if later else {})}
        run = step_handler_context.dagster_run
        dagster = {"DAGSTER_RUN_JOB_NAME": run.job_name, "DAGSTER_RUN_STEP_KEY": step}
        name = self._get_container_name(step_handler_context)
        with suppress(NotFound):  # a run worker that was restarted starts its steps again
            upkeep.remove(client.containers.get(name))
        return client.containers.create(
            **{**arguments, "environment": {**arguments["environment"], **dagster, **told}},
            command=_command(step_handler_context.execute_step_args),
            name=name,
            labels={RUN: run.run_id, STEP: step, ATTEMPT: str(attempt), MEMORY: str(memory)},
        )

    def check_step_health(self, step_handler_context: StepHandlerContext) -> CheckStepHealthResult:
        """Whether the step's container runs, or has ended well; if it was killed for memory, that and what to do."""
        step = self._get_step_key(step_handler_context)
        name = self._get_container_name(step_handler_context)
        try:
            container = self.client.containers.get(name)
        except NotFound:
            return self._lost(step_handler_context, f"{step}: its container {name} is gone.")
        state = container.attrs["State"]
        if state["Status"] != "exited" or state["ExitCode"] == 0:
            return CheckStepHealthResult.healthy()
        if state["OOMKilled"]:
            memory = int(container.labels[MEMORY])
            kill = Kill(step, memory, self.next_memory_mib(step_handler_context, memory))
            self.kills[step] = kill
            return CheckStepHealthResult.unhealthy(str(kill))
        said = (
            f"{step}: its container {name} ended with code {state['ExitCode']}, and not for memory. "
            f"`docker logs {name}` has its last words."
        )
        if state["ExitCode"] == KILLED:
            return self._lost(step_handler_context, said)
        return CheckStepHealthResult.unhealthy(said)

    def _lost(self, step_handler_context: StepHandlerContext, said: str) -> CheckStepHealthResult:
        """A step that did not fail of itself: it is tried again, once."""
        retry_mode = step_handler_context.execute_step_args.retry_mode
        if _attempt(step_handler_context) < LOST_RETRIES and not (retry_mode and retry_mode.disabled):
            said = f"{said} It is tried again."
            self.losses[self._get_step_key(step_handler_context)] = said
        return CheckStepHealthResult.unhealthy(said)

    def terminate_step(self, step_handler_context: StepHandlerContext) -> Iterator[DagsterEvent]:
        """Stop the step's container and remove it: what is cancelled is no failure to look into."""
        name = self._get_container_name(step_handler_context)
        yield DagsterEvent.engine_event(
            step_handler_context.get_step_context(self._get_step_key(step_handler_context)),
            f"Stopping the step's container {name}.",
        )
        with suppress(NotFound):
            container = self.client.containers.get(name)
            container.stop(timeout=upkeep.STOP_SECONDS)
            upkeep.remove(container)

    def next_memory_mib(self, step_handler_context: StepHandlerContext, memory_mib: int) -> int | None:
        """The limit of the attempt after one with this limit was killed for memory; None if there is to be none."""
        box, retry_mode = self._box(step_handler_context), step_handler_context.execute_step_args.retry_mode
        enough = memory_mib >= box.memory_mib * box.retry_memory_factor**RETRIES
        if enough or (retry_mode is not None and retry_mode.disabled):
            return None
        return larger_mib(memory_mib, box.retry_memory_factor)

    def remove_old(self, instance: dg.DagsterInstance) -> None:
        """Remove what runs left behind a day ago or longer, and stop what runs that are over still have running."""
        for container in self.client.containers.list(all=True, filters={"label": RUN}, ignore_removed=True):
            state = container.attrs["State"]
            if state["Running"]:
                run = instance.get_run_by_id(container.labels[RUN])
                if run is not None and run.is_finished:
                    container.stop(timeout=upkeep.STOP_SECONDS)
            elif upkeep.is_old(container):
                upkeep.remove(container)

    def succeeded(self, run_id: str, step: str) -> None:
        """Have the container of a step that has succeeded removed, beside the run, as soon as it has ended."""
        self._succeeded.add(step)
        self._cleaner.submit(_remove_when_ended, run_id, step)

    def close(self, run_id: str, *, cancelled: bool) -> None:
        """The run is over: remove what never began, and stop what would go on."""
        self._cleaner.shutdown(wait=False)
        labels = {"label": f"{RUN}={run_id}"}
        every = self.client.containers.list(all=True, filters=labels, ignore_removed=True)
        left = [one for one in every if one.labels[STEP] not in self._succeeded]
        cut_short = [one for one in left if cancelled and one.status == "running"]
        for container in cut_short:
            with suppress(APIError):  # it has just ended
                container.kill("SIGTERM")
        for container in left:
            if upkeep.wait(container)["Status"] == "created" or container in cut_short:
                upkeep.remove(container)
        self.client.close()

    def _memory_mib(self, context: StepHandlerContext, attempt: int) -> int:
        """The box's, or more where the attempt before was killed for memory."""
        box = self._box(context)
        before = (
            _last_attempt(self.client, context.dagster_run.run_id, self._get_step_key(context))
            if attempt
            else None
        )
        if before is None:
            return box.memory_mib
        memory = int(before.labels[MEMORY])
        killed = upkeep.wait(before)["OOMKilled"]
        return (self.next_memory_mib(context, memory) or memory) if killed else memory

    def _box(self, context: StepHandlerContext) -> Box:
        return Box.of_tags(context.step_tags[self._get_step_key(context)])


def _remove_when_ended(run_id: str, step: str) -> None:
    with closing(docker.from_env()) as client:
        container = _last_attempt(client, run_id, step)
        if container is not None:
            upkeep.wait(container)
            upkeep.remove(container)


def _last_attempt(client: docker.DockerClient, run_id: str, step: str) -> Container | None:
    labels = [f"{RUN}={run_id}", f"{STEP}={step}"]
    found = client.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
    return max(found, key=lambda container: int(container.labels[ATTEMPT]), default=None)


def _attempt(context: StepHandlerContext) -> int:
    known = context.execute_step_args.known_state
    (step,) = context.execute_step_args.step_keys_to_execute or ()
    return known.get_retry_state().get_attempt_count(step) if known else 0


def _command(args: ExecuteStepArgs) -> list[str]:
    """Dagster's own command for a step, by the image's own interpreter and with an instance that knows of memory."""
    ref = args.instance_ref
    if ref is not None and ref.custom_instance_class_data is None:
        ours = ConfigurableClassData(StepInstance.__module__, StepInstance.__name__, "{}\n")
        args = ExecuteStepArgs(
            job_origin=args.job_origin,
            run_id=args.run_id,
            step_keys_to_execute=args.step_keys_to_execute,
            instance_ref=ref._replace(custom_instance_class_data=ours),
            retry_mode=args.retry_mode,
            known_state=args.known_state,
            should_verify_step=args.should_verify_step,
            print_serialized_events=args.print_serialized_events,
        )
    written = args.get_command_args()
    return ["dagster", *written[written.index("api") :]]
