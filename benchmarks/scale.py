"""Replays of ever more log dates: time and peak memory an event, and the ratio to the single-pass limit.

CPU seconds stand beside seconds: a machine that others use, too, does not change them much. A replay has a few
seconds of its own, for Dagster and dbt to be loaded, so each size also tells what a million more took than the size
before.

Each size is a sealed log of its own, replayed by `rs-assets replay` in a process of its own. The limit is DuckDB
alone, which parses the same bytes to Parquet and groups them to sessions: one pass, no validation, nothing published.

    make scale                                  1, 2, 4 and 8 million events, every asset
    make scale MILLIONS=36 ONLY=features        36 million, from the sealed log to the features
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.memory import peak_mib

DATES_A_MILLION = 2
LOOK_SECONDS = 0.05
FEATURES = ("valid_events", "quarantined_events", "session_events", "session_features")


def made(home: Path, millions: int) -> int:
    """Write and seal a log, and have dbt's manifest ready, as `make setup` has; returns the log's bytes as .zst."""
    from rs_assets.extending.dbt import our_dbt
    from rs_assets.transform.manifest import prepare

    days, events = DATES_A_MILLION * millions, 1_000_000 * millions
    command = [sys.executable, "-m", "rs_assets.cli"]
    env = {**os.environ, "RS_HOME": str(home)}
    args = ["generate", "--days", str(days), "--events", str(events), "--faults", FAULTS]
    for each in (args, ["seal"]):
        subprocess.run([*command, *each], env=env, check=True, stdout=subprocess.DEVNULL)
    prepare(our_dbt(str(home)))
    return sum(path.stat().st_size for path in (home / "raw").rglob("*.zst"))


# Without the classes whose lines are of 130 kB: they are few in a log, and many bytes.
FAULTS = "JSON_MALFORMED,EVENT_UNKNOWN,FIELD_MISSING,TYPE_MISMATCH,OUT_OF_RANGE,DUPLICATE,TS_INVALID"


def replayed(home: Path, only: tuple[str, ...]) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak MiB of a replay, in one process."""
    args = [part for asset in only for part in ("--only", asset)]
    env = {**os.environ, "RS_HOME": str(home)}
    start = time.perf_counter()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "rs_assets.cli", "replay", "--executor", "in_process", "--json", *args],
        env,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    # Each step sets the process's high-water mark back: at the end it is that of the last one.
    peak, ended = 0.0, 0
    while not ended:
        time.sleep(LOOK_SECONDS)
        peak = max(peak, peak_mib(pid))
        ended, status, usage = os.wait4(pid, os.WNOHANG)
    if status:
        raise SystemExit(f"The replay in {home} failed.")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, peak


def limit(home: Path) -> tuple[float, float]:
    """Seconds and CPU seconds of DuckDB's single pass, log date by log date: it needs no more memory than we do."""
    import duckdb

    from benchmarks.split import limit_query
    from rs_assets.log import RawLog

    log = RawLog(str(home / "raw"))
    start, cpu = time.perf_counter(), time.process_time()
    with duckdb.connect(config={"threads": 2}) as connection, tempfile.TemporaryDirectory() as out:
        for log_date in log.log_dates():
            for number, segment in enumerate(log.segments(log_date)):
                target = f"{out}/{log_date}-{number}.parquet"
                connection.execute(f"COPY ({limit_query(segment.path)}) TO '{target}' (FORMAT parquet)")
        connection.execute(
            f"COPY ({SESSIONS.format(events=out)}) TO '{out}/sessions.parquet' (FORMAT parquet)"
        )
    return time.perf_counter() - start, time.process_time() - cpu


SESSIONS = """
    SELECT site, client_id, session, count(*) AS events, min(micros) AS started, max(micros) AS ended,
        count_if(name = 'purchase') AS purchases, sum(value) AS revenue
    FROM (
        SELECT *, sum(begins) OVER (PARTITION BY site, client_id ORDER BY micros) AS session
        FROM (
            SELECT site, client_id, name, value, coalesce(event_timestamp, body_timestamp) AS micros,
                micros - lag(micros, 1, 0) OVER (PARTITION BY site, client_id ORDER BY micros) >= 1800e6 AS new,
                new::INT AS begins
            FROM read_parquet('{events}/*-*.parquet')
        )
    )
    GROUP BY ALL
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--only", choices=("all", "features"), default="all")
    asked = parser.parse_args()
    console = Console(width=max(Console().width, 110))  # the table has eight columns
    table = Table(
        *("events", "log dates", "seconds", "a million more", "CPU µs an event", "peak MiB", "of the limit"),
        "in CPU seconds",
    )
    before = (0, 0.0)
    for millions in asked.millions:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            console.print(f"{millions} million events: writing and sealing the log …")
            size = made(home, millions)
            console.print(f"  {size / 1e6:,.0f} MB as .zst; replaying …")
            seconds, cpu, peak = replayed(home, FEATURES if asked.only == "features" else ())
            # Elsewhere, for a process starts with the peak memory of the one that forked it.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                alone, alone_cpu = pool.submit(limit, home).result()
        events = millions * 1_000_000
        table.add_row(
            f"{events:,}",
            str(DATES_A_MILLION * millions),
            f"{seconds:.1f}",
            f"{(seconds - before[1]) / (millions - before[0]):.1f} s" if before[0] else "",
            f"{cpu / events * 1e6:.1f}",
            f"{peak:,.0f}",
            f"{seconds / alone:.2f} times",
            f"{cpu / alone_cpu:.2f} times",
        )
        console.print(table)
        before = (millions, seconds)


if __name__ == "__main__":
    main()
