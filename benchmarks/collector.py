"""The collector under load: requests of three events, each answered when it is on stable storage.

    python -m benchmarks.collector                       500 to 5,000 requests/s, 15 s each
    python -m benchmarks.collector --soak 10             3,000 requests/s for ten minutes: is its memory flat?

The server is `rs-assets collect` as it comes, with fsync, into a raw log in a folder that is removed afterwards; the
generator is a process of its own on the same machine (`loading`). After each rate the server is stopped, and the log
is counted: what was acknowledged is there, once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.loading import cpu_seconds, figures, load, serving
from rs_assets.log import RawLog
from rs_assets.log.blocks import read_batches
from rs_assets.settings import Settings

GOAL_MS = 50.0
ITEM = {"item_id": "A00395", "item_name": "Mug, blue, 300 ml", "price": 12.5, "quantity": 1}
EVENTS = [
    {"name": "page_view", "params": {"page_location": "https://shop.example/mugs", "page_title": "Mugs"}},
    {"name": "view_item", "params": {"currency": "EUR", "value": 12.5, "items": [ITEM]}},
    {"name": "add_to_cart", "params": {"currency": "EUR", "value": 12.5, "items": [ITEM]}},
]
CLIENTS = 10_000
PARTS = 6
"""Of the time, for each of which the mean of the memory is told."""


def requests(count: int) -> list[bytes]:
    """Whole HTTP requests, of ever other clients."""
    made = []
    for n in range(min(count, CLIENTS)):
        body = orjson.dumps({"client_id": f"{n}.1700000000", "events": EVENTS})
        head = (
            "POST /mp/collect?measurement_id=shop-a HTTP/1.1\r\nhost: x\r\nuser-agent: Mozilla/5.0\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return (made * -(-count // len(made)))[:count]


def generate(port: int, rate: float, seconds: float) -> None:
    """The generator's process: one line of JSON."""
    import uvloop

    made = requests(int(rate * seconds))
    before = time.process_time()
    took, status, wall = uvloop.run(load(port, made, rate))
    said = {"rate": rate, **figures(took, status, wall)}
    print(json.dumps(said | {"generator_cpu": (time.process_time() - before) / wall, "wall": wall}))


def memory_mib(pid: int) -> float:
    """What a process holds of its own: without what is of files."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def measure(rate: float, seconds: float) -> dict[str, Any]:
    """One rate, on a server and a log of its own."""
    home = (
        Settings.from_env().home
    )  # on a disk: a temporary folder may be in memory, where a sync costs nothing
    os.makedirs(home, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rs-assets-collector-", dir=home) as folder:
        env = {"RS_HOME": folder, "RS_RAW_LOG": f"{folder}/raw", "RS_SITES": "shop-a"}
        memory: list[float] = []
        ended = threading.Event()

        def watch(pid: int) -> None:
            while not ended.wait(min(5.0, seconds / PARTS / 2)):
                memory.append(memory_mib(pid))

        with serving("collect", env=env) as (port, pid):
            watching = threading.Thread(target=watch, args=(pid,))
            watching.start()
            command = [sys.executable, "-m", "benchmarks.collector", "--port", str(port)]
            command += ["--rates", str(rate), "--seconds", str(seconds)]
            before = cpu_seconds(pid)
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            found: dict[str, Any] = json.loads(done.stdout)
            found["server_cpu"] = (cpu_seconds(pid) - before) / found.pop("wall")
            ended.set()
            watching.join()
        log = RawLog(f"{folder}/raw")
        found["lines"] = sum(len(batch) for day in log.log_dates() for batch in read_batches(log, day))
        part = max(1, len(memory) // PARTS)
        found["memory_mib"] = [statistics.mean(memory[at : at + part]) for at in range(0, part * PARTS, part)]
    acknowledged = found["status"].get("204", 0)
    if found["lines"] != acknowledged:
        sys.exit(f"{acknowledged} requests were acknowledged, and the log has {found['lines']} lines.")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=float, nargs="+", default=[500, 1000, 2000, 3000, 4000, 5000])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument(
        "--soak", type=float, metavar="MINUTES", help="one rate for so long; 3,000 unless given"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.port:
        generate(args.port, args.rates[0], args.seconds)
        return
    rates, seconds = args.rates, args.seconds
    if args.soak:
        rates, seconds = [3000] if len(rates) > 1 else rates, args.soak * 60
    rows: list[dict[str, Any]] = []
    with Console(stderr=True).status("") as state:
        for rate in rates:
            state.update(f"{rate:,.0f} requests/s for {seconds:g} s")
            rows.append(row := measure(rate, seconds))
            if row["p99"] > 10 * GOAL_MS:
                break  # past its limit, and all that follow are
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    names = ("p50", "p90", "p99", "p99.9", "max")
    table = Table(
        "requests/s", "answered/s", *(f"{n} ms" for n in names), "server", "generator", "MiB", "status"
    )
    for row in rows:
        cpu = (f"{row[name]:.0%}" for name in ("server_cpu", "generator_cpu"))
        held = " ".join(f"{mib:.0f}" for mib in row["memory_mib"])
        status = ", ".join(f"{count:,} x {code}" for code, count in row["status"].items())
        times = (f"{row[name]:.1f}" for name in names)
        table.add_row(f"{row['rate']:,.0f}", f"{row['done']:,.0f}", *times, *cpu, held, status)
    print("Processor time is of one core. All that was acknowledged is in the log, once.")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
