"""What a step used: memory at its peak, CPU, time, bytes. Linux only; elsewhere memory is the process's alone.

Belongs here: reading the kernel's counters. Does not belong here: who is told (`rs_assets.defs.publishing`), what
follows from it (`report`).

No single counter of memory is right. A cgroup's peak has the page cache of every file that was read; a process's
high-water mark leaves out its children; the largest child is known only when it has ended; a sample misses what is
between two. So the peak is min(cgroup's, max(own high-water mark, largest child, sampled anonymous + shared)).

These figures are of a clock and a machine: they go into Dagster's event log, never into an object of the lake.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
SAMPLE_SECONDS = 0.1
PREFIX = "used/"


@dataclass(frozen=True)
class Usage:
    """What a step has used so far.

    Attributes:
        memory_mib: at its peak, children included; the page cache of files is not in it.
        cpu_seconds: of all threads, and of children that have ended.
        throttled_seconds: for which a CPU quota made the cgroup wait; None where nothing counts it.
        wall_seconds: since the step began.
        read_mib: that system calls have read, from a disk or from the page cache; None without /proc/self/io.
        written_mib: likewise.
    """

    memory_mib: float
    cpu_seconds: float
    throttled_seconds: float | None
    wall_seconds: float
    read_mib: float | None
    written_mib: float | None

    def metadata(self) -> dict[str, float]:
        """The figures that are known, as a materialization carries them: `used/memory_mib` and so on."""
        return {f"{PREFIX}{name}": round(value, 3) for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Cgroup:
    """The control group of a process, version 1 or 2, as far as it counts memory and throttling.

    Attributes:
        root: /sys/fs/cgroup.
        membership: the text of /proc/self/cgroup.
    """

    root: Path
    membership: str

    @classmethod
    def of_this_process(cls) -> Cgroup:
        """The one that this process is in; one without counters where there is none."""
        try:
            return cls(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup").read_text())
        except OSError:
            return cls(Path("/sys/fs/cgroup"), "")

    def peak_mib(self) -> float | None:
        """The most memory that the group ever had, page cache included; None if nothing counts it."""
        for path in self._files("memory", "memory.peak", "memory.max_usage_in_bytes"):
            with suppress(OSError, ValueError):
                return int(path.read_text()) / MIB
        return None

    def throttled_seconds(self) -> float | None:
        """For how long a CPU quota made the group wait, since it was made; None if nothing counts it."""
        for path in self._files("cpu", "cpu.stat", "cpu.stat"):
            with suppress(OSError, ValueError):
                counts = dict(line.split() for line in path.read_text().splitlines())
                if "throttled_usec" in counts:
                    return int(counts["throttled_usec"]) / 1e6
                if "throttled_time" in counts:
                    return int(counts["throttled_time"]) / 1e9
        return None

    def _files(self, controller: str, v2: str, v1: str) -> Iterator[Path]:
        """Where a counter may be: in the process's own group, else where a container has its group mounted."""
        for line in self.membership.splitlines():
            _, controllers, path = line.split(":", 2)
            inside = path.lstrip("/")
            if controller in controllers.split(","):
                yield self.root / controller / inside / v1
                yield self.root / controller / v1
            elif not controllers:
                yield self.root / inside / v2
                yield self.root / v2


class Meter:
    """Measures one step from `start` on; `read` may be called any number of times, `stop` ends the sampling."""

    def __init__(self, cgroup: Cgroup | None = None) -> None:
        self._cgroup = cgroup or Cgroup.of_this_process()
        self._sampled, self._over = 0.0, threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> Meter:
        """Begin: the process's high-water mark is set to what it has now, if the kernel lets it."""
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self._began, self._cpu, self._child = time.monotonic(), _cpu_seconds(), _largest_child_mib()
        self._throttled, self._io = self._cgroup.throttled_seconds(), _read_and_written()
        self._thread = threading.Thread(target=self._sample, name="usage", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the sampling; what was seen stays."""
        self._over.set()

    def read(self) -> Usage:
        """What was used since `start`."""
        self._look()
        child = _largest_child_mib()
        # The kernel keeps the largest child of the whole process: it is of this step only if it has grown.
        seen = max(_high_water_mib(), child if child > self._child else 0.0, self._sampled)
        peak, throttled, io = self._cgroup.peak_mib(), self._cgroup.throttled_seconds(), _read_and_written()
        moved = None if io is None or self._io is None else (io[0] - self._io[0], io[1] - self._io[1])
        waited = None if throttled is None else throttled - (self._throttled or 0.0)
        return Usage(
            memory_mib=seen if peak is None else min(peak, seen),
            cpu_seconds=_cpu_seconds() - self._cpu,
            throttled_seconds=waited,
            wall_seconds=time.monotonic() - self._began,
            read_mib=moved[0] / MIB if moved else None,
            written_mib=moved[1] / MIB if moved else None,
        )

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        self._sampled = max(self._sampled, sampled_mib(known=max(self._sampled, _high_water_mib())))


def sampled_mib(known: float = 0.0) -> float:
    """The anonymous and shared memory that this process and its children have now, in MiB; 0 without /proc.

    Args:
        known: what was used before, at its peak. A figure that is not above it may be too high, but costs nothing.
    """
    own, children = os.getpid(), list(_descendants(os.getpid()))
    most = sum(_sum_mib(f"/proc/{pid}/status", "RssAnon:", "RssShmem:") for pid in (own, *children))
    if not children or most <= known:
        return most
    # What a child shares with its parent is to be counted once; the proportional figures do. The kernel walks over
    # every page for them, and nothing of the process can map memory meanwhile: a tenth of a step of 1 GiB.
    return sum(_sum_mib(f"/proc/{pid}/smaps_rollup", "Pss_Anon:", "Pss_Shmem:") for pid in (own, *children))


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                for child in map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split()):
                    yield child
                    yield from _descendants(child)


def _sum_mib(path: str, *fields: str) -> float:
    """The sum of lines such as `RssAnon:  123 kB`; 0 for a process that is gone."""
    total = 0
    with suppress(OSError):
        for line in Path(path).read_text().splitlines():
            if line.startswith(fields):
                total += int(line.split()[1])
    return total / 1024


def _high_water_mib() -> float:
    """The most that was resident of this process."""
    return _sum_mib("/proc/self/status", "VmHWM:") or _maxrss_mib(resource.RUSAGE_SELF)


def _largest_child_mib() -> float:
    """The most that was resident of any one child that has ended."""
    return _maxrss_mib(resource.RUSAGE_CHILDREN)


def _maxrss_mib(who: int) -> float:
    unit = 1024 if os.uname().sysname == "Linux" else 1  # bytes on macOS
    return resource.getrusage(who).ru_maxrss * unit / MIB


def _cpu_seconds() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _read_and_written() -> tuple[int, int] | None:
    try:
        text = Path("/proc/self/io").read_text()
    except OSError:
        return None
    counts = dict(line.split(": ") for line in text.splitlines())
    return int(counts["rchar"]), int(counts["wchar"])
