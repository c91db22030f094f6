"""The memory of one machine, shared by steps that run side by side on it, of one run or of several.

Belongs here: who may have how much, now. Does not belong here: what a step uses of it (`usage`), executors.

Dagster's executors count steps, by tag or by pool; none can weigh them. So a step takes its box's memory before it
begins and waits for as long as that would be more than the machine has. What is taken is a locked file each: the
kernel lets go of it when its process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WAIT_SECONDS = 0.2


def machine_mib() -> int:
    """The memory of this machine, or of the container that this is."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # "max" is no number
            total = min(total, int(Path(limit).read_text()))
    return total // 2**20


class Room:
    """Memory that steps take and give back.

    Args:
        folder: where it is written down, the same for all that share the machine; made when first used.
        memory_mib: all there is.
    """

    def __init__(self, folder: Path, memory_mib: int) -> None:
        self._folder, self._memory_mib = folder, memory_mib

    @contextmanager
    def take(self, memory_mib: int, waiting: Callable[[str], None] = lambda says: None) -> Iterator[None]:
        """Hold so much memory; wait until nobody else has it. What is larger than the machine is held alone.

        Args:
            memory_mib: of the step's box.
            waiting: told once why, if there is none yet.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        mine, told = min(memory_mib, self._memory_mib), False
        while (held := self._try(mine)) is None:
            if not told:
                told = True
                with self._gate():
                    taken = self._taken()
                waiting(
                    f"Waits for {mine:,} MiB: other steps have {taken:,} of this machine's {self._memory_mib:,} MiB."
                )
            time.sleep(WAIT_SECONDS)
        file, path = held
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(file)

    def _try(self, mine: int) -> tuple[int, Path] | None:
        with self._gate():
            if self._taken() + mine > self._memory_mib:
                return None
            path = self._folder / f"{os.getpid()}-{time.monotonic_ns()}-{mine}.taken"
            file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            return file, path

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """One looks or takes at a time: a file that is made and not locked yet looks like a dead process's."""
        with open(self._folder / "lock", "w") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield

    def _taken(self) -> int:
        """What living processes hold, in MiB; the files of others are removed. To be called behind the gate."""
        total = 0
        for path in self._folder.glob("*.taken"):
            size = re.fullmatch(r".*-(\d+)", path.stem)
            if size is None:
                continue
            with suppress(FileNotFoundError), open(path) as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    total += int(size[1])
                else:
                    path.unlink(missing_ok=True)
        return total
