"""The compose stack as a person starts and ends it, and what Docker and the UI know of it.

Belongs here: `make up`, `make down`, asking. Does not belong here: expectations.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rs_assets_tests.defs.uis import Ui
from rs_assets_tests.docker.engine import BASE, CERTIFICATES, LOCK, ROOT, client, debian, docker

POSTGRES = "rs_assets-postgres:bookworm"
BINARIES = "/usr/lib/postgresql/15/bin"
CREATE_NONE = (
    '--essential-hook=mkdir -p "$1/etc/postgresql-common" && '
    'echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"'
)
SECONDS = 900
"""Nothing takes as long, whatever else this machine does."""


@dataclass(frozen=True)
class Stack:
    """One stack.

    Attributes:
        project: Compose's name of it.
        port: of its webserver.
        image: the project's.
    """

    project: str
    port: int
    image: str

    def make(self, *what: str, **env: str) -> str:
        """`make WHAT`; fails with what it says."""
        done = subprocess.run(
            ["make", "-s", *what, f"DOCKER={client()}", f"IMAGE={self.image}", f"BASE_IMAGE={BASE}"]
            + ([f"CA={CERTIFICATES}"] if os.path.exists(CERTIFICATES) else []),
            cwd=ROOT,
            env={
                **os.environ,
                "COMPOSE_PROJECT_NAME": self.project,
                "PORT": str(self.port),
                "RS_POSTGRES_IMAGE": POSTGRES,
                **env,
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def typed(self, lines: str) -> str:
        """What is said to somebody who types it at a terminal, with this stack's name instead of ours."""
        compose = "docker compose" if _plugin() else "docker-compose"
        lines = lines.replace("docker compose -p rs_assets", f"{compose} -p {self.project}")
        script = f'shopt -s expand_aliases\ndocker() {{ {client()} "$@"; }}\nset -e\n{lines}'
        at_a_terminal = ["script", "--quiet", "--return", "--command", f"exec bash -c {shlex.quote(script)}"]
        done = subprocess.run(
            [*at_a_terminal, os.devnull], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def service(self, name: str) -> dict[str, Any]:
        """What Docker says of a service's container."""
        labels = [f"label=com.docker.compose.{key}" for key in (f"project={self.project}", f"service={name}")]
        (one,) = docker("ps", "--all", "--quiet", *(f"--filter={label}" for label in labels)).split()
        return inspected(one)[0]

    def everything(self) -> list[dict[str, Any]]:
        """What Docker says of all containers on the stack's networks, and of the others of its project."""
        filters = (
            f"network={self.project}_inside",
            f"network={self.project}_steps",
            f"label=com.docker.compose.project={self.project}",
        )
        found = {one for of in filters for one in docker("ps", "--all", "--quiet", f"--filter={of}").split()}
        return inspected(*found)

    def place(self, volume: str) -> Path:
        """Where a volume lies on this machine."""
        return Path(docker("volume", "inspect", "--format={{.Mountpoint}}", f"{self.project}_{volume}"))

    def volumes(self) -> list[str]:
        """The stack's volumes that there are."""
        return docker("volume", "ls", "--quiet", f"--filter=name={self.project}_").split()

    def command(self, *command: str, **env: str) -> str:
        """Run a command over the stack's log and lake, in a container that is none of the stack's."""
        variables = {
            "RS_RAW_LOG": "/data/raw",
            "RS_LAKE": "/data/lake",
            "DAGSTER_HOME": "/tmp/dagster",
            **env,
        }
        volumes = [f"--volume={self.project}_{name}:/data/{name}" for name in ("raw", "lake")]
        given = [f"--env={key}={value}" for key, value in variables.items()]
        return docker("run", "--rm", "--init", "--network=none", *volumes, *given, self.image, *command)

    @property
    def ui(self) -> Ui:
        """Its API."""
        return Ui(self.port)

    def runs(self, job: str) -> list[dict[str, Any]]:
        """Its runs of a job, the last first: runId, status, tags."""
        query = "{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"
        found = self.ui.ask(query)["runsOrError"]["results"]
        tags = lambda run: {tag["key"]: tag["value"] for tag in run["tags"]}  # noqa: E731
        return [{**run, "tags": tags(run)} for run in found if run["jobName"] == job]

    def events(self, run: str) -> list[dict[str, Any]]:
        """The events of a run: __typename, message, stepKey."""
        query = """query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection {
            events { __typename ... on MessageEvent { message stepKey } } } } }"""
        found: list[dict[str, Any]] = self.ui.ask(query, run=run)["logsForRun"]["events"]
        return found


def inspected(*containers: str) -> list[dict[str, Any]]:
    """What Docker says of them; those that are gone by now are left out."""
    asked = docker("inspect", *containers, check=False) if containers else "[]"
    found: list[dict[str, Any]] = json.loads(asked or "[]")
    return found


def until(so: Callable[[], Any], otherwise: str, seconds: float = SECONDS) -> Any:
    """What is so, as soon as it is; fails if it takes too long. A server that is not there yet may refuse."""
    end = time.monotonic() + seconds
    while True:
        try:
            if found := so():
                return found
        except (OSError, AssertionError) as not_yet:
            if time.monotonic() > end:
                raise AssertionError(otherwise) from not_yet
        assert time.monotonic() < end, otherwise
        time.sleep(0.3)


@contextmanager
def stack(image: str) -> Iterator[Stack]:
    """A stack that is not up yet; nothing of it outlives the test."""
    if not shutil.which("docker-compose") and not _plugin():
        pytest.skip("neither `docker compose` nor docker-compose is installed")
    _make_postgres()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Stack(f"rs_assets-test-{os.getpid()}", port, image)
    try:
        yield made
    finally:
        made.make("down", "VOLUMES=1")


def _plugin() -> bool:
    return "compose" in docker("compose", "version", check=False).lower()


def _make_postgres() -> None:
    with LOCK.with_suffix(".postgres").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not docker("image", "ls", "--quiet", POSTGRES):
            entry = Path(__file__).with_name("postgres.sh")
            hooks = (CREATE_NONE, f"--customize-hook=copy-in {entry} /usr/local/bin")
            changes = (
                f"ENV PATH={BINARIES}:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/data",
                'ENTRYPOINT ["/usr/local/bin/postgres.sh"]',
            )
            debian(POSTGRES, "postgresql-15", hooks, changes)
