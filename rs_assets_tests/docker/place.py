"""A home for runs whose steps are containers, and commands in it.

They are given in a container as well, as a run worker's: of the same image, with the engine's socket, which no step
is to inherit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rs_assets_tests.docker.engine import ROOT, client, docker

SOCKET = "/var/run/docker.sock"
USER = 10001
SECONDS = 900
"""No run takes as long, whatever else this machine does."""
CODE = "/opt/rs_assets/rs_assets_tests"


@dataclass(frozen=True)
class Place:
    """A folder that holds a raw log, a lake and Dagster's home.

    Attributes:
        path: of the folder, the same inside of containers.
        image: that of the launcher and of the steps.
    """

    path: Path
    image: str

    @property
    def launcher(self) -> str:
        """The name of the launcher's container."""
        return self.path.name

    @property
    def mounts(self) -> str:
        """RS_DOCKER_MOUNTS: the default, and the tests' own code."""
        own = f"{self.path}/raw:{self.path}/raw:ro"
        written = "".join(f",{self.path}/{name}:{self.path}/{name}:rw" for name in ("lake", "dagster"))
        return f"{own}{written},{self.path}/alerts:/home/rs/alerts:rw,{ROOT}/rs_assets_tests:{CODE}:ro"

    def start(self, *command: str, **env: str) -> subprocess.Popen[str]:
        """Start a command as a launcher of runs."""
        variables = {
            "RS_RAW_LOG": f"{self.path}/raw",
            "RS_LAKE": f"{self.path}/lake",
            "DAGSTER_HOME": f"{self.path}/dagster",
            "RS_IMAGE": self.image,
            "RS_DOCKER_MOUNTS": self.mounts,
            "RS_DOCKER_ENV": "PYTHONPATH",
            "PYTHONPATH": os.path.dirname(CODE),
            **env,
        }
        options = ["--rm", "--init", "--network=none", f"--user={USER}:{USER}", f"--name={self.launcher}"]
        options += [f"--group-add={os.stat(SOCKET).st_gid}", f"--volume={SOCKET}:{SOCKET}"]
        options += [f"--volume={self.path}:{self.path}", f"--volume={self.path}/alerts:/home/rs/alerts"]
        options += [f"--volume={ROOT}/rs_assets_tests:{CODE}:ro"]
        options += [f"--env={key}={value}" for key, value in variables.items()]
        started = [client(), "run", *options, self.image, *command]
        return subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        started = self.start(*command, **env)
        out, err = started.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(command, started.returncode, out, err)

    def job(self, name: str, **env: str) -> list[dict[str, Any]]:
        """Run a job of `location`; its events."""
        done = self.run("python", "-m", "rs_assets_tests.docker.location", name, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        events: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        return events

    def containers(self) -> list[dict[str, Any]]:
        """What Docker knows of the steps' containers of this place's runs."""
        every = docker("ps", "--all", "--quiet", "--filter", "label=rs_assets.run").split()
        found: list[dict[str, Any]] = (
            json.loads(docker("inspect", *every, check=False) or "[]") if every else []
        )
        return [one for one in found if f"RS_LAKE={self.path}/lake" in one["Config"]["Env"]]


@contextmanager
def place(image: str) -> Iterator[Place]:
    """A place that is gone in the end, with its containers."""
    path = Path(tempfile.mkdtemp(prefix="rs_assets-docker-"))
    for folder in (path, *(path / name for name in ("raw", "lake", "dagster", "alerts"))):
        folder.mkdir(exist_ok=True)
        os.chown(folder, USER, USER)
        folder.chmod(0o755)
    made = Place(path, image)
    try:
        yield made
    finally:
        docker("rm", "--force", made.launcher, check=False)
        for one in made.containers():
            docker("rm", "--force", one["Id"], check=False)
        shutil.rmtree(path)
