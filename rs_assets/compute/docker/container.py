"""What a step's container is made of: a box and a policy, rendered to the arguments of docker-py's `create`.

Belongs here: limits, and what a container may do. Does not belong here: which places it sees (`mounts`), talking to
Docker (`step_handler`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rs_assets.compute.box import Box
from rs_assets.compute.docker.mounts import Mount, allowed
from rs_assets.errors import UserError
from rs_assets.settings import Settings

IMAGE = "rs_assets"
NO_NETWORK = "none"
SHARES_A_CORE = 1024
TMP_MIB, PROCESSES = 256, 1024
LOG = {"max-size": "10m", "max-file": "1"}

PASSED = ("RS_ENVIRONMENT", "RS_EXECUTOR", "RS_SITES", "RS_OWNERS", "RS_FIRST_LOG_DATE")
"""Variables that a step is given as they are; places are given as they are mounted."""


@dataclass(frozen=True)
class Policy:
    """What holds for every step of an installation alike.

    Attributes:
        image: of steps whose box names none.
        user: `uid:gid`, never root's.
        mounts: the allow-list.
        environment: the variables that a step sees.
        network: the one network that a step is in; `none` for none.
        cpu_quota: whether the box's cores are a quota as well, not only a share.
    """

    image: str
    user: str
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str]
    network: str = NO_NETWORK
    cpu_quota: bool = False

    @classmethod
    def from_env(cls, settings: Settings, env: Mapping[str, str] = os.environ) -> Policy:
        """The policy of this installation: RS_IMAGE, RS_DOCKER_USER, RS_DOCKER_MOUNTS, RS_DOCKER_ENV,
        RS_DOCKER_NETWORK, RS_DOCKER_CPU_QUOTA.

        It is read where runs are launched. Nothing of it can be changed by a run's config, which whoever may start a
        run can write.

        Raises:
            UserError: it would make a container root, or give it what it must not have.
        """
        network = env.get("RS_DOCKER_NETWORK") or NO_NETWORK
        if network == "host" or network.startswith("container:"):
            raise UserError(
                f"RS_DOCKER_NETWORK={network} would put steps into a network that is not theirs.",
                "Name a network of Docker's that leads to Dagster's storage only, or leave it out for none.",
            )
        return cls(
            image=env.get("RS_IMAGE") or IMAGE,
            user=_user(settings, env.get("RS_DOCKER_USER") or ""),
            mounts=allowed(settings, env.get("RS_DOCKER_MOUNTS") or ""),
            environment=_environment(settings, env),
            network=network,
            cpu_quota=env.get("RS_DOCKER_CPU_QUOTA") == "1",
        )


def create_arguments(box: Box, policy: Policy, memory_mib: int) -> dict[str, Any]:
    """The arguments of `client.containers.create` for a step with this box, with this much memory.

    Memory is a hard limit and swap adds nothing to it. Cores are a share: a hard quota makes a small box slow to
    start. The root file system is read-only, and what is written to /tmp counts as the step's memory.
    """
    from docker.types import DeviceRequest, LogConfig

    gpu = [DeviceRequest(count=box.gpu, capabilities=[["gpu"]])] if box.gpu else None
    quota = {"nano_cpus": box.cpu * 10**9} if policy.cpu_quota else {}
    return {
        "image": box.image or policy.image,
        "user": policy.user,
        "environment": dict(policy.environment),
        "mounts": [_rendered(mount) for mount in policy.mounts],
        "mem_limit": memory_mib * 2**20,
        "memswap_limit": memory_mib * 2**20,
        "cpu_shares": max(2, box.cpu * SHARES_A_CORE),
        "device_requests": gpu,
        "network_mode": policy.network,
        "read_only": True,
        "tmpfs": {"/tmp": f"rw,noexec,nosuid,nodev,mode=1777,size={TMP_MIB}m"},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "privileged": False,
        "pids_limit": PROCESSES,
        "init": True,  # hands signals on, so that a step can be stopped
        "detach": True,
        "log_config": LogConfig(type="json-file", config=LOG),
        **quota,
    }


def _rendered(mount: Mount) -> Any:
    from docker.types import Mount as Rendered

    kind = "volume" if mount.is_volume else "bind"
    return Rendered(mount.target, mount.source, type=kind, read_only=mount.read_only)


def _user(settings: Settings, written: str) -> str:
    """Who a step runs as: who launches it, or, where that is root, whose lake it is."""
    if written:
        uid, _, gid = written.partition(":")
        user = f"{uid}:{gid or uid}"
    elif os.getuid():
        user = f"{os.getuid()}:{os.getgid()}"
    else:
        owner = os.stat(settings.lake) if os.path.exists(settings.lake) else os.stat("/")
        user = f"{owner.st_uid}:{owner.st_gid}"
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user):
        raise UserError(
            f"A step's container must not run as root, and {user} would be that.",
            f"Start runs as another user, give {settings.lake} to one, or set RS_DOCKER_USER to a `uid:gid`.",
        )
    return user


def _environment(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    more = [name for name in re.split(r"[\s,]+", env.get("RS_DOCKER_ENV") or "") if name]
    passed = {name: env[name] for name in (*PASSED, *more) if name in env}
    places = {
        "RS_RAW_LOG": settings.raw_log,
        "RS_LAKE": settings.lake,
        "RS_DECISIONS": settings.decisions,
        "RS_ALERT_RULES": settings.alert_rules or "",
        "DAGSTER_HOME": settings.dagster_home,
    }
    return {**passed, **{name: place for name, place in places.items() if place}, "HOME": "/tmp"}
