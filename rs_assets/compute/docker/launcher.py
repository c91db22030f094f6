"""Each run in a container of its own, made like that of the daemon, which starts it. Dagster concept: run launcher.

Belongs here: containers of run workers. Does not belong here: those of steps (`step_handler`), which take nothing
over from a run worker.

A run worker needs what the daemon needs (the places, Dagster's storage, Docker's socket), so nothing of it is written
down a second time: the daemon looks at its own container. Only the daemon launches runs; a webserver, which has no
socket, asks a run to end by its status in Dagster's storage.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import docker
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.origin import JobPythonOrigin
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.storage.tags import DOCKER_IMAGE_TAG
from dagster_docker import DockerRunLauncher
from dagster_docker.docker_run_launcher import DOCKER_CONTAINER_ID_TAG

from rs_assets.compute.docker import upkeep

WORKER = "rs_assets.worker"
"""The label of run workers' containers: the run's id."""

TAKEN_OVER = {"GroupAdd": "group_add", "CapDrop": "cap_drop", "SecurityOpt": "security_opt", "Tmpfs": "tmpfs"}


class WorkerLauncher(DockerRunLauncher):
    """Containers like the one that this process is in."""

    def _get_docker_image(self, job_code_origin: JobPythonOrigin) -> str:
        return ""  # that of this process's own container

    def _launch_container_with_command(
        self, run: DagsterRun, docker_image: str, command: Sequence[str]
    ) -> None:
        with closing(docker.from_env()) as client:
            _remove_old(client)
            own = client.containers.get(socket.gethostname()).attrs
            first, *others = own["NetworkSettings"]["Networks"]
            before = client.containers.list(all=True, filters={"label": f"{WORKER}={run.run_id}"})
            container = client.containers.create(
                name=f"dagster-run-{run.run_id}" + (f"-{len(before)}" if before else ""),
                command=list(command),
                network=first,
                labels={WORKER: run.run_id, "dagster/job_name": run.job_name},
                **like(own),
            )
            for name in others:
                client.networks.get(name).connect(container)
            self._instance.report_engine_event(
                f"Launching the run's worker in the container {container.name}.", run, cls=type(self)
            )
            tags = {DOCKER_CONTAINER_ID_TAG: container.id, DOCKER_IMAGE_TAG: own["Config"]["Image"]}
            self._instance.add_run_tags(run.run_id, tags)
            container.start()

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's container runs; a run that a command runs in its own process has none, and is let be."""
        if DOCKER_CONTAINER_ID_TAG not in run.tags:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        health: CheckRunHealthResult = super().check_run_worker_health(run)
        return health

    def terminate(self, run_id: str) -> bool:
        """Ask the run to end; its worker sees that within seconds (`delegating`)."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        return True


def like(own: Mapping[str, Any]) -> dict[str, Any]:
    """What Docker says of a container, as arguments of `client.containers.create` for one that is made like it.

    Its labels and its restart policy are not taken over: Compose would count the other one among its own.
    """
    config, host = own["Config"], own["HostConfig"]
    return {
        "image": own["Image"],
        "user": config["User"],
        "environment": config["Env"],
        "working_dir": config["WorkingDir"],
        "mounts": [
            docker.types.Mount(
                mount["Destination"],
                mount.get("Name") or mount["Source"],
                type=mount["Type"],
                read_only=not mount["RW"],
            )
            for mount in own["Mounts"]
            if mount["Type"] in ("bind", "volume")
        ],
        **{argument: host[key] for key, argument in TAKEN_OVER.items() if host.get(key)},
        "log_config": host["LogConfig"],
        "init": True,
        "detach": True,
    }


def _remove_old(client: docker.DockerClient) -> None:
    ended = {"label": WORKER, "status": "exited"}
    for container in client.containers.list(all=True, filters=ended, ignore_removed=True):
        if upkeep.is_old(container):
            upkeep.remove(container)
