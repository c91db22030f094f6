"""The UI as a person starts it: `dagster dev` over a home, and its API.

Belongs here: the server and asking it. Does not belong here: expectations.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 300
UP = "{ assetNodes { id } }"


class Ui:
    """A server, at an address."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data that answers a query of its API."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.address}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = json.load(answer)
        assert "errors" not in said, said["errors"]
        found: dict[str, Any] = said["data"]
        return found


@contextmanager
def serving(place: Path) -> Iterator[Ui]:
    """The UI over a home, daemon included, until it is left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dagster_home = place / "dagster"
    dagster_home.mkdir()
    (dagster_home / "dagster.yaml").write_text((ROOT / "deploy" / "dagster.yaml").read_text())
    command = [Path(sys.executable).with_name("dagster"), "dev", "-w", ROOT / "workspace.yaml"]
    env = {**os.environ, "DAGSTER_HOME": str(dagster_home), "RS_EXECUTOR": "in_process"}
    with open(place / "dev.log", "wb") as log:
        server = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)],
            cwd=place,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        client = Ui(port)
        wait(lambda: _is_up(client), "dagster dev did not come up")
        yield client
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:  # a busy machine: what it serves is done with
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _is_up(client: Ui) -> bool:
    try:
        return bool(client.ask(UP)["assetNodes"])
    except (urllib.error.URLError, ConnectionError):
        return False


def wait(ready: Callable[[], bool], otherwise: str) -> None:
    """Return once it is ready; fail if it takes too long."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, otherwise
        time.sleep(1)
