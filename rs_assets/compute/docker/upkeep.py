"""Containers that have ended: how long ago, waited for, removed.

Belongs here: what the step handler and the run launcher do alike with what is over. Does not belong here: which
containers those are.
"""

from __future__ import annotations

import datetime as dt
import time
from contextlib import suppress
from typing import Any

from docker.errors import APIError
from docker.models.containers import Container

KEPT = dt.timedelta(days=1)
STOP_SECONDS, EXIT_SECONDS = 5, 10


def is_old(container: Container) -> bool:
    """Whether a container ended, or was made if it was never started, longer ago than it is to be kept."""
    ended, made = container.attrs["State"]["FinishedAt"], container.attrs["Created"]
    when = max(ended, made)[:19]  # Docker's own times are in nanoseconds, which datetime does not read
    return dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(when).replace(tzinfo=dt.UTC) > KEPT


def wait(container: Container) -> dict[str, Any]:
    """The state of a container that has ended, or is made to."""
    until = time.monotonic() + EXIT_SECONDS
    while container.attrs["State"]["Running"] and time.monotonic() < until:
        time.sleep(0.1)
        container.reload()
    if container.attrs["State"]["Running"]:
        container.stop(timeout=STOP_SECONDS)
        container.reload()
    state: dict[str, Any] = container.attrs["State"]
    return state


def remove(container: Container) -> None:
    """Remove it, unless somebody else does, or has."""
    with suppress(APIError):
        container.remove(force=True)
