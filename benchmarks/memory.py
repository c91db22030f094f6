"""The peak memory of this process alone."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_mib() -> float:
    """Peak resident MiB since this program was started.

    `ru_maxrss` would not do: a process starts with that of the one which forked it.
    """
    status = Path("/proc/self/status")
    if status.exists() and (high := re.search(r"VmHWM:\s*(\d+) kB", status.read_text())):
        return int(high[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # no Linux
