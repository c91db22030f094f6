"""Each step in a container of its own, as large as its box, with nothing that it was not given.

Belongs here: the executor that `RS_EXECUTOR=docker` selects, and what a container is made of. Does not belong here:
the box itself (`rs_assets.compute.box`), other executors, the image (`deploy/Dockerfile`).

`container`, `mounts` and `memory` are pure and know neither Docker nor Dagster.
"""

from rs_assets.compute.docker.executor import docker_executor

__all__ = ["docker_executor"]
