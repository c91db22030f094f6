"""Load over HTTP: requests at their times, whether those before were answered or not, and what became of each.

Belongs here: the open-loop generator, its figures, a server of ours as a process. Does not belong here: requests.

It counts from the time at which each request was due, so that a server that stalls cannot hide it, and takes as many
connections as it needs.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import numpy.typing as npt

HOST = "127.0.0.1"
TICKS = os.sysconf("SC_CLK_TCK")


class Connection(asyncio.Protocol):
    """One connection with at most one request on it."""

    def __init__(self, idle: list[Connection]) -> None:
        self.idle, self.got = idle, b""
        self.answered: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is of no class of asyncio's

    def connection_lost(self, problem: Exception | None) -> None:
        if self in self.idle:
            self.idle.remove(self)
        elif self.answered is not None and not self.answered.done():
            self.answered.set_result(0)

    def data_received(self, data: bytes) -> None:
        self.got += data
        head = self.got.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.got.lower().find(b"content-length:", 0, head)
        size = int(self.got[at + 15 : self.got.find(b"\r\n", at)]) if at >= 0 else 0  # 204 has none
        if len(self.got) >= head + 4 + size and self.answered is not None:
            status, self.got = int(self.got[9:12]), b""
            self.idle.append(self)
            self.answered.set_result(status)


async def load(port: int, made: list[bytes], rate: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Latency in milliseconds and status of each request, and how long all of it took."""
    loop = asyncio.get_running_loop()
    idle: list[Connection] = []
    took, status = np.zeros(len(made)), np.zeros(len(made), np.int64)

    async def one(n: int, due: float) -> None:
        if not idle:
            _, fresh = await loop.create_connection(lambda: Connection(idle), HOST, port)
        else:
            fresh = idle.pop()
        fresh.answered = loop.create_future()
        fresh.transport.write(made[n])
        status[n] = await fresh.answered
        took[n] = (time.perf_counter() - due) * 1e3

    # A collection would stop the generator, for the longer the more requests it has made: seconds, in ten minutes.
    gc.collect()
    gc.disable()
    under_way: set[asyncio.Task[None]] = set()
    start = time.perf_counter() + 0.1
    for n in range(len(made)):
        due = start + n / rate
        if (wait := due - time.perf_counter()) > 0.0005:
            await asyncio.sleep(wait)
        under_way.add(task := loop.create_task(one(n, due)))
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    gc.enable()
    return took, status, time.perf_counter() - start


def figures(took: npt.NDArray[np.float64], status: npt.NDArray[np.int64], wall: float) -> dict[str, Any]:
    """Answers a second, quantiles of milliseconds without the first tenth (which warms up), answers by status."""
    tail = took[len(took) // 10 :]
    quantiles = {f"p{q:g}": float(np.quantile(tail, q / 100)) for q in (50, 90, 99, 99.9)}
    codes, counts = np.unique(status, return_counts=True)
    answered = {str(code): int(count) for code, count in zip(codes, counts, strict=True)}
    return {"done": len(took) / wall, **quantiles, "max": float(tail.max()), "status": answered}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def serving(command: str, *options: str, env: Mapping[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """`rs-assets COMMAND`, until it is left: its port and process."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    called = [sys.executable, "-m", "rs_assets.cli", command, "--port", str(port), *options]
    process = subprocess.Popen(called, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://{HOST}:{port}/health"):
                    break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None:
                    sys.exit(f"The server does not start; `rs-assets {command}` says why.")
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()
