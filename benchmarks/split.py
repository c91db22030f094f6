"""The split of one log date against DuckDB alone, as a ratio taken in one run.

DuckDB parses the same segment with the same typed schema, unnests its events and writes them to Parquet: no
validation, no duplicates, no quarantine. That is the limit; the split does the rest on top.

    make bench            500,000 events, with 0 %, 2 % and 100 % of them broken
    make bench EVENTS=3000000   what memory does when the log date grows

Once with the generator's requests as they are, lists of items and all, and once with those of them whose bodies are
of 350 to 500 bytes: a page view, an item looked at, a cart.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import zstandard

from benchmarks.memory import peak_mib

ROUNDS = 5
DATE = "2024-01-01"
BODY = re.compile(rb'"body":(.*)}')
SMALL = (350, 500)  # bytes of a body
KEPT_OF_SMALL = 0.45  # a little less than the share of the generator's requests that are of that size


def write_log(root: Path, events: int, broken: float, bodies: tuple[int, int] | None = None) -> Path:
    """One log date of one site in one .zst segment; returns the segment.

    Requests that are too large are left out: broken lines are to be as long as sound ones.

    Args:
        bodies: the least and the most bytes of a body; without it, the generator's requests as they are.
    """
    from rs_assets.log import RawLog
    from rs_assets.log.generator import FAULTS, Plan, generate
    from rs_assets.log.writer import LogWriter

    parts = str(root / "parts")
    faults = tuple(fault for fault in FAULTS if fault not in ("BODY_TOO_LARGE", "TOO_MANY_EVENTS"))
    asked = int(events / KEPT_OF_SMALL) if bodies else events
    plan = Plan(days=1, events=asked, sites=("shop-a",), broken=broken, faults=faults, late=0)
    generate(plan, parts, str(root / "truth.csv"))
    log = RawLog(parts)
    lines = b""
    for segment in log.segments(DATE):
        with zstandard.open(segment.path, "rb") as file:
            lines += file.read()
    if bodies:
        low, high = bodies
        of_size = (line for line in lines.splitlines(keepends=True) if low <= len(_body(line)) <= high)
        lines = b"".join(islice(of_size, events))
    path = Path(LogWriter(str(root / "raw")).write("shop-a", DATE, lines))
    count = lines.count(b"\n")
    print(f"  {count:,} lines of {len(lines) / count:.0f} bytes, {path.stat().st_size / 1e6:.0f} MB as .zst")
    return path


def _body(line: bytes) -> bytes:
    found = BODY.search(line)
    return found[1] if found else b""


def limit_query(path: str) -> str:
    """The same file, the same fields, typed by DuckDB itself."""
    from rs_assets.contract.fields import INTEGER, NUMBER
    from rs_assets.contract.typed import ITEM_KINDS, PARAM_KINDS

    def struct(kinds: dict[str, str]) -> str:
        types = {NUMBER: "DOUBLE", INTEGER: "BIGINT"}
        return f"STRUCT({', '.join(f'{name} {types.get(kind, kind)}' for name, kind in kinds.items())})"

    def texts(kinds: dict[str, str]) -> dict[str, str]:
        return {name: kind if kind in (NUMBER, INTEGER) else "VARCHAR" for name, kind in kinds.items()}

    params = struct({**texts(PARAM_KINDS), "items": f"{struct(texts(ITEM_KINDS))}[]"})
    event = struct({"name": "VARCHAR", "timestamp_micros": INTEGER, "params": params})
    person = {"client_id": "VARCHAR", "user_id": "VARCHAR", "timestamp_micros": INTEGER}
    person |= {"user_properties": "JSON", "consent": "JSON"}
    envelope = ("site", "request_id", "path", "ip", "user_agent")
    columns = {"received_at": "TIMESTAMP", **dict.fromkeys(envelope, "VARCHAR")}
    columns["body"] = struct({**person, "events": f"{event}[]"})
    described = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    return f"""
        SELECT * EXCLUDE (event), event.name, event.timestamp_micros AS event_timestamp, unnest(event.params)
        FROM (
            SELECT * EXCLUDE (body), body.client_id, body.user_id, body.user_properties, body.consent,
                body.timestamp_micros AS body_timestamp,
                unnest(body.events) AS event
            FROM read_json('{path}', format='newline_delimited', ignore_errors=true, columns={{{described}}})
        )
    """


def limit(path: Path, out: Path, threads: int) -> None:
    """DuckDB alone."""
    import duckdb

    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute(f"COPY ({limit_query(str(path))}) TO '{out}' (FORMAT parquet)")


def split(root: Path, out: Path, threads: int) -> None:
    """The split."""
    from rs_assets.contract.split import split_log_date
    from rs_assets.log import RawLog

    log = RawLog(str(root / "raw"))
    split_log_date(log, DATE, str(out / "valid.parquet"), str(out / "bad.parquet"), threads=threads)


def measure(root: str, path: str, rounds: int) -> None:
    """In a process of its own: the two in turn, and the peak memory of the split's first round."""
    figures: dict[str, list[float]] = {"limit": [], "split": []}
    with tempfile.TemporaryDirectory() as out:
        split(Path(root), Path(out), 2)
        peak = peak_mib()
        limit(Path(path), Path(out) / "limit.parquet", 2)
        for _ in range(rounds):
            start = time.perf_counter()
            limit(Path(path), Path(out) / "limit.parquet", 2)
            between = time.perf_counter()
            split(Path(root), Path(out), 2)
            figures["limit"].append(between - start)
            figures["split"].append(time.perf_counter() - between)
    ratios = [a / b for a, b in zip(figures["limit"], figures["split"], strict=True)]
    found = {"peak_mib": peak, "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}
    print(json.dumps(found | {"seconds": statistics.median(figures["split"])}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        root, path = asked.measure
        measure(root, path, asked.rounds)
        return
    for bodies in (None, SMALL):
        seconds: dict[float, float] = {}
        for broken in (0.0, 0.02, 1.0):
            told = f"bodies of {bodies[0]} to {bodies[1]} bytes" if bodies else "requests of every size"
            print(f"{asked.events:,} events, {told}, {broken:.0%} of them asked to be broken")
            with tempfile.TemporaryDirectory() as folder:
                segment = write_log(Path(folder), asked.events, broken, bodies)
                command = [sys.executable, "-m", "benchmarks.split", "--rounds", str(asked.rounds)]
                done = subprocess.run(
                    [*command, "--measure", folder, str(segment)], capture_output=True, text=True, check=True
                )
            found = json.loads(done.stdout)
            seconds[broken] = found["seconds"]
            print(
                f"  the split runs at {found['ratio']:.2f} ({found['low']:.2f} to {found['high']:.2f}) of DuckDB's "
                f"rate, with a peak of {found['peak_mib']:.0f} MiB"
            )
        print(
            f"  with every event broken it takes {seconds[1.0] / seconds[0.0]:.2f} times as long as with none"
        )


if __name__ == "__main__":
    main()
