"""What Docker says of each step's container, asked while there is one.

Belongs here: looking. Does not belong here: expectations.
"""

from __future__ import annotations

import json
import subprocess
import threading
from typing import Any

from rs_assets_tests.docker.engine import client, docker


class Inspector:
    """Inspects each container of a step when it is made; those of steps that succeed are soon gone."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, Any]] = {}
        wanted = ["--filter=event=create", "--filter=label=rs_assets.run", "--format={{.ID}}"]
        self._events = subprocess.Popen([client(), "events", *wanted], stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        for line in self._events.stdout or ():
            (one,) = json.loads(docker("inspect", line.strip()))
            self.seen[one["Config"]["Labels"]["rs_assets.step"]] = one

    def close(self) -> None:
        self._events.terminate()
        self._events.wait()
        self._thread.join()
