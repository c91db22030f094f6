"""Whether a service of the compose stack is well: `python health.py code|webserver|daemon|keeper`; exit code 0 if so.

It imports as little as it can, since it is started every few seconds.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from pathlib import Path

DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"
SECONDS = 8


def code() -> bool:
    """Whether the code location's server says that it serves."""
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    with grpc.insecure_channel("127.0.0.1:4000") as channel:
        said = HealthStub(channel).Check(HealthCheckRequest(service="DagsterApi"), timeout=SECONDS)
    return bool(said.status == HealthCheckResponse.SERVING)


def webserver() -> bool:
    """Whether the webserver answers."""
    with urllib.request.urlopen("http://127.0.0.1:3000/server_info", timeout=SECONDS) as answer:
        return bool(answer.status == 200)


def daemon() -> bool:
    """Whether every daemon that is needed has been heard of lately, as the UI shows it."""
    body = json.dumps({"query": DAEMONS}).encode()
    asked = urllib.request.Request(
        "http://webserver:3000/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
        statuses = json.load(answer)["data"]["instance"]["daemonHealth"]["allDaemonStatuses"]
    return all(one["healthy"] for one in statuses if one["required"])


def keeper() -> bool:
    """Whether the keeper has looked lately."""
    return time.time() - Path("/tmp/beat").stat().st_mtime < 60


if __name__ == "__main__":
    checks = {check.__name__: check for check in (code, webserver, daemon, keeper)}
    sys.exit(not checks[sys.argv[1]]())
