"""Group commit: many requests wait for one write to stable storage.

Belongs here: the queue, the thread that empties it, and who is told what became of it. Does not belong here: storage
(`journal`, `objects`), or HTTP (`app`).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from rs_assets.errors import UserError
from rs_assets.log.files import trouble

QUEUE_BYTES = 32 << 20
"""Waiting at most; what comes on top is refused, so that memory is bounded when storage is slow."""
TICK_SECONDS = 0.5
PROBE_SECONDS = 5.0
"""After a failure storage is asked so often, so that a collector that is sent nothing any more gets well."""
IDLE_PROBE_SECONDS = 30.0
"""A collector that is sent nothing asks so often, so that /health knows before the next request does."""
WAITING_SECONDS = 60.0
"""What waited longer is refused, so that nothing is written long after its log date is over."""
UNTRIED = "storage has not been tried yet"


class NotKept(Exception):
    """Lines that are not on stable storage; says why."""


class Store(Protocol):
    """Stable storage. One thread calls it.

    Attributes:
        seconds: how long a batch waits for more to come.
        size: at how many bytes it does no longer wait.
        trouble: what keeps it from closing segments; empty where nothing does.
        late: how many lines came after their log date was sealed, by that log date.
    """

    seconds: float
    size: int
    late: dict[str, int]

    @property
    def trouble(self) -> str:
        """As above."""

    def keep(self, lines: Sequence[bytes]) -> None:
        """Return when all of them are on stable storage; raise what `trouble()` lists, or `UserError`, if not."""

    def tick(self) -> None:
        """What is to be done by time; raises nothing of storage."""

    def probe(self) -> None:
        """Return if storage takes bytes again; raises as `keep` does."""

    def close(self) -> None:
        """The end: what is open becomes segments."""


_Waiting = tuple[bytes, asyncio.Future[None], float]


class Committer:
    """Takes lines from one event loop at a time, and keeps them through a store, in a thread of its own.

    Args:
        store: where.
        probe: whether storage is tried when nothing is sent: at first, and from time to time.
        waiting: how long a request may wait for storage to come to it, in seconds.
    """

    def __init__(self, store: Store, *, probe: bool = True, waiting: float = WAITING_SECONDS) -> None:
        self.store, self._probe, self._patience = store, probe, waiting
        self.kept = 0
        self.refused = 0
        self.trouble = UNTRIED if probe else ""
        """Why the last batch was not kept; empty where it was."""
        self.upkeep = ""
        """Why what is to be done by time was not done; empty where it was."""
        self._waiting: list[_Waiting] = []
        self._bytes = 0
        self._changed = threading.Condition()
        self._ending = False
        self._tried = float("-inf")
        self._thread = threading.Thread(target=self._work, name="committer", daemon=True)
        self._thread.start()

    async def keep(self, lines: bytes) -> None:
        """Return when these lines (a request's, each ended) are on stable storage.

        Raises:
            NotKept: they are not; whoever sent them is to send them again.
        """
        future = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._ending or self._bytes + len(lines) > QUEUE_BYTES:
                self.refused += 1
                raise NotKept("ending" if self._ending else "storage is slower than requests come")
            self._waiting.append((lines, future, time.monotonic()))
            self._bytes += len(lines)
            if len(self._waiting) == 1 or self._bytes >= self.store.size:
                self._changed.notify()
        await future

    def close(self) -> None:
        """Keep what waits, close what is open, and end. Whatever comes after is refused."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            batch = self._batch()
            if batch:
                self._keep(batch)
            elif self._is_to_probe():
                self.trouble = str(_problem(self.store.probe) or "")
                self._tried = time.monotonic()
            self.upkeep = str(_problem(self.store.tick) or "")
            if self._ending and not self._waiting:
                self.upkeep = str(_problem(self.store.close) or "")
                return

    def _is_to_probe(self) -> bool:
        every = PROBE_SECONDS if self.trouble else IDLE_PROBE_SECONDS
        return self._probe and not self._ending and time.monotonic() - self._tried > every

    def _batch(self) -> list[_Waiting]:
        with self._changed:
            if not self._waiting and not self._ending and self.trouble != UNTRIED:
                self._changed.wait(TICK_SECONDS)
            if self._waiting and self.store.seconds:
                until = time.monotonic() + self.store.seconds
                while not self._ending and self._bytes < self.store.size:
                    left = until - time.monotonic()
                    if left <= 0:
                        break
                    self._changed.wait(left)
            batch, self._waiting, self._bytes = self._waiting, [], 0
            return batch

    def _keep(self, batch: list[_Waiting]) -> None:
        latest = time.monotonic() - self._patience
        in_time = [one for one in batch if one[2] >= latest]
        if len(in_time) < len(batch):
            self.refused += len(batch) - len(in_time)
            _tell([one for one in batch if one[2] < latest], NotKept("storage was too slow"))
        if not in_time:
            return
        problem = _problem(lambda: self.store.keep([lines for lines, _, _ in in_time]))
        self.trouble, self._tried = str(problem or ""), time.monotonic()
        if problem:
            self.refused += len(in_time)
        else:
            self.kept += len(in_time)
        _tell(in_time, problem)


def _tell(batch: Sequence[_Waiting], problem: NotKept | None) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for _, future, _ in batch:
        by_loop.setdefault(future.get_loop(), []).append(future)
    for loop, futures in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, futures, problem)


def _problem(work: Callable[[], None]) -> NotKept | None:
    try:
        work()
    except UserError as refused:
        return NotKept(str(refused))
    except trouble() as failed:
        return NotKept(str(failed) or type(failed).__name__)
    except Exception as failed:  # nobody may wait for ever for a thread that is gone
        return NotKept(f"{type(failed).__name__}: {failed}")
    return None


def _settle(futures: Sequence[asyncio.Future[None]], problem: NotKept | None) -> None:
    for future in futures:
        if future.done():  # its client is gone
            continue
        if problem:
            future.set_exception(NotKept(str(problem)))
        else:
            future.set_result(None)
