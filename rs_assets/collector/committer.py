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

QUEUE_BYTES = 64 << 20
"""Waiting at most; what comes on top is refused, so that memory is bounded when storage is slow."""
TICK_SECONDS = 0.5
PROBE_SECONDS = 5.0
"""After a failure storage is asked so often, so that a collector that is sent nothing any more gets well."""


class NotKept(Exception):
    """Lines that are not on stable storage; says why."""


class Store(Protocol):
    """Stable storage. One thread calls it.

    Attributes:
        seconds: how long a batch waits for more to come.
        size: at how many bytes it does no longer wait.
        trouble: what keeps it from closing segments; empty where nothing does.
    """

    seconds: float
    size: int
    trouble: str

    def keep(self, lines: Sequence[bytes]) -> None:
        """Return when all of them are on stable storage; raise what `trouble()` lists, or `UserError`, if not."""

    def tick(self) -> None:
        """What is to be done by time; raises nothing of storage."""

    def probe(self) -> None:
        """Return if storage takes bytes again; raises as `keep` does."""

    def close(self) -> None:
        """The end: what is open becomes segments."""


_Waiting = tuple[bytes, asyncio.Future[None]]


class Committer:
    """Takes lines from one event loop at a time, and keeps them through a store, in a thread of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.kept = 0
        self.refused = 0
        self.trouble = ""
        """Why the last batch was not kept; empty where it was."""
        self._waiting: list[_Waiting] = []
        self._bytes = 0
        self._changed = threading.Condition()
        self._ending = False
        self._probed = 0.0
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
            self._waiting.append((lines, future))
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
            elif self.trouble and time.monotonic() - self._probed > PROBE_SECONDS:
                self._probed = time.monotonic()
                self.trouble = str(_problem(self.store.probe) or "")
            self.store.tick()
            if self._ending and not self._waiting:
                self.store.close()
                return

    def _batch(self) -> list[_Waiting]:
        with self._changed:
            if not self._waiting and not self._ending:
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
        problem = _problem(lambda: self.store.keep([lines for lines, _ in batch]))
        self.trouble = str(problem or "")
        if problem:
            self.refused += len(batch)
        else:
            self.kept += len(batch)
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for _, future in batch:
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
