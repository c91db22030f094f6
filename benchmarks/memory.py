"""The peak memory of one process alone."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_mib(pid: int | str = "self") -> float:
    """Peak resident MiB of a process, this one by default, since it was started or its mark was set back.

    `ru_maxrss` would not do: a process starts with that of the one which forked it.
    """
    status = Path(f"/proc/{pid}/status")
    if status.exists() and (high := re.search(r"VmHWM:\s*(\d+) kB", status.read_text())):
        return int(high[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # no Linux
