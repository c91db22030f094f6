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
import json
import subprocess
import sys
import time
from typing import Any

import orjson
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.loading import cpu_seconds, figures, load, serving
from rs_assets.lake import Lake
from rs_assets.settings import Settings

GOAL_MS = 20.0
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


def generate(port: int, environment: str, rate: float, seconds: float, bad: int) -> None:
    """The generator's process: one line of JSON."""
    import uvloop

    settings = Settings.from_env()
    made = requests(Lake(settings.lake, environment), int(rate * seconds), bad)
    before = time.process_time()
    took, status, wall = uvloop.run(load(port, made, rate))
    said = {"rate": rate, **figures(took, status, wall)}
    print(json.dumps(said | {"generator_cpu": (time.process_time() - before) / wall, "wall": wall}))


def measure(environment: str, rate: float, seconds: float, bad: int) -> dict[str, Any]:
    """One rate, on a server of its own."""
    with serving("score", "--environment", environment) as (port, pid):
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
