"""The scorer under load: its latency at 1,000 requests/s, and the rate at which it can no more.

    python -m benchmarks.scorer                        the lake of RS_HOME: 500, 1,000, 1,500 … requests/s
    python -m benchmarks.scorer --rates 1000 --json    one rate

Requests are the events of the lake's last log date in the order in which they were received, one a request, half of
them to /recommend and half to /intent, from as many clients as there were; one in `--bad` keeps no contract, and has
to be judged by the pipeline's own code. The server is `rs-assets score` as it comes. The generator is a process of
its own on the same machine: it sends each request at its time, whether those before were answered or not, and counts
from that time on (so a server that stalls cannot hide it), over as many connections as it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import orjson
import polars as pl
from rich.console import Console
from rich.table import Table

from rs_assets.lake import Lake
from rs_assets.settings import Settings

HOST = "127.0.0.1"
GOAL_MS = 20.0
TICKS = os.sysconf("SC_CLK_TCK")
ITEM = ("item_id", "item_name", "item_category", "price", "quantity")


def requests(lake: Lake, count: int, bad: int) -> list[bytes]:
    """Whole HTTP requests; laps after the first are from other clients."""
    log_date = lake.log_dates("valid_events")[-1]
    events = pl.read_parquet(lake.object("valid_events", log_date), glob=False).sort(
        "received_at", "event_id"
    )
    columns = [
        "site",
        "client_id",
        "event_name",
        "value",
        "currency",
        "transaction_id",
        "search_term",
        "items",
    ]
    made: list[bytes] = []
    lap = 0
    while len(made) < count:
        for site, client, name, value, currency, transaction, term, items in events.select(
            columns
        ).iter_rows():
            params = {"value": value, "currency": currency, "search_term": term}
            if transaction is not None:
                params["transaction_id"] = f"{transaction}-{lap}"
            if items:
                params["items"] = [{k: i[k] for k in ITEM if i[k] is not None} for i in items]
            if bad and len(made) % bad == bad - 1:
                name = "no_such_event"
            event = {"name": name, "params": {k: v for k, v in params.items() if v is not None}}
            body = orjson.dumps({"client_id": f"{client}-{lap}", "events": [event]})
            path = "/recommend" if len(made) % 2 else "/intent"
            head = f"POST {path}?site={site} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            made.append(head.encode() + body)
            if len(made) == count:
                break
        lap += 1
    return made


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
        size = int(self.got[at + 15 : self.got.find(b"\r\n", at)])
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

    tasks, start = [], time.perf_counter() + 0.1
    for n in range(len(made)):
        due = start + n / rate
        if (wait := due - time.perf_counter()) > 0.0005:
            await asyncio.sleep(wait)
        tasks.append(loop.create_task(one(n, due)))
    await asyncio.gather(*tasks)
    return took, status, time.perf_counter() - start


def generate(port: int, environment: str, rate: float, seconds: float, bad: int) -> None:
    """The generator's process: one line of JSON."""
    import uvloop

    settings = Settings.from_env()
    made = requests(Lake(settings.lake, environment), int(rate * seconds), bad)
    before = time.process_time()
    took, status, wall = uvloop.run(load(port, made, rate))
    tail = took[len(took) // 10 :]  # the first tenth warms up
    quantiles = {f"p{q:g}": float(np.quantile(tail, q / 100)) for q in (50, 90, 99, 99.9)}
    answered = {
        str(code): int(count) for code, count in zip(*np.unique(status, return_counts=True), strict=True)
    }
    said = {"rate": rate, "done": len(made) / wall, **quantiles, "max": float(tail.max()), "status": answered}
    print(json.dumps(said | {"generator_cpu": (time.process_time() - before) / wall, "wall": wall}))


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def serving(environment: str) -> Iterator[tuple[int, int]]:
    """`rs-assets score`: its port and process."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "rs_assets.cli",
        "score",
        "--port",
        str(port),
        "--environment",
        environment,
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://{HOST}:{port}/health"):
                    break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None:
                    sys.exit("The scorer does not start; `rs-assets score` says why.")
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def measure(environment: str, rate: float, seconds: float, bad: int) -> dict[str, Any]:
    """One rate, on a server of its own."""
    with serving(environment) as (port, pid):
        command = [
            sys.executable,
            "-m",
            "benchmarks.scorer",
            "--port",
            str(port),
            "--environment",
            environment,
        ]
        command += ["--rates", str(rate), "--seconds", str(seconds), "--bad", str(bad)]
        before = cpu_seconds(pid)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        found: dict[str, Any] = json.loads(done.stdout)
        found["server_cpu"] = (cpu_seconds(pid) - before) / found.pop("wall")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=float, nargs="+", default=[500, 1000, 1500, 2000, 2500, 3000])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--bad", type=int, default=1000, help="one request in so many; 0 for none")
    parser.add_argument("--environment", default=Settings.from_env().environment)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.port:
        generate(args.port, args.environment, args.rates[0], args.seconds, args.bad)
        return
    rows: list[dict[str, Any]] = []
    table = Table(
        "requests/s", "answered/s", "p50 ms", "p90", "p99", "p99.9", "max", "server", "generator", "status"
    )
    with Console(stderr=True).status("") as state:
        for rate in args.rates:
            state.update(f"{rate:,.0f} requests/s for {args.seconds:g} s")
            rows.append(row := measure(args.environment, rate, args.seconds, args.bad))
            if row["p99"] > 10 * GOAL_MS:
                break  # past its limit, and all that follow are
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        times = (f"{row[name]:.1f}" for name in ("p50", "p90", "p99", "p99.9", "max"))
        cpu = (f"{row[name]:.0%}" for name in ("server_cpu", "generator_cpu"))
        status = ", ".join(f"{count:,} x {code}" for code, count in row["status"].items())
        table.add_row(f"{row['rate']:,.0f}", f"{row['done']:,.0f}", *times, *cpu, status)
    print("Processor time is of one core.")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
