"""A step that was killed for memory: how that is known, what is said of it, and how large its next box is.

Belongs here: the kernel's counter, the words, the sizes. Does not belong here: who is told (`instance`,
`executor`), how much steps used when all went well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

# Each tells how many processes of the cgroup were killed: version 1 as a container sees it, and version 2.
COUNTERS = ("memory/memory.oom_control", "memory.events")
HEADROOM, QUARTER = 1.5, 4
"""What is proposed: half as much again, in quarters of a GiB."""

RETRIES = 1
"""How often a step that was killed for memory is tried again, each time in a larger box."""


def oom_kills(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """How many processes of this container the kernel has killed for memory; 0 where nothing counts them."""
    for name in COUNTERS:
        try:
            lines = (cgroup / name).read_text().splitlines()
        except OSError:
            continue
        counts = dict(line.split() for line in lines)
        if "oom_kill" in counts:
            return int(counts["oom_kill"])
    return 0


def proposed_gib(memory_mib: int) -> float:
    """The memory to give to what needs more than this much, in GiB."""
    return math.ceil(memory_mib / 1024 * HEADROOM * QUARTER) / QUARTER


def larger_mib(memory_mib: int, factor: float) -> int:
    """The memory of the next attempt, in whole MiB."""
    return math.ceil(memory_mib * factor)


@dataclass(frozen=True)
class Kill:
    """One step, killed for memory.

    Attributes:
        step: its key.
        memory_mib: its limit.
        next_mib: the limit of its next attempt; None if there is none.
        child: whether a process was killed that the step had started, not the step's own.
    """

    step: str
    memory_mib: int
    next_mib: int | None = None
    child: bool = False

    def __str__(self) -> str:
        """What is said of it."""
        asset, victim = self.step.removeprefix("dbt_"), "one of its processes" if self.child else "it"
        said = (
            f"{asset} needs more than its {_gib(self.memory_mib)}: the kernel killed {victim}. "
            f"Give it Box(memory_gib={proposed_gib(self.memory_mib):g}), or see `rs-assets boxes`."
        )
        return f"{said} It is tried again with {_gib(self.next_mib)}." if self.next_mib else said


def _gib(mib: int) -> str:
    return f"{mib / 1024:.4g} GiB"
