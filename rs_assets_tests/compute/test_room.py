"""Steps of one machine never have more memory together than it has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from rs_assets.compute.room import Room, machine_mib

HOLD = """
import sys, time
from pathlib import Path
from rs_assets.compute.room import Room
folder, total, mine, seconds = Path(sys.argv[1]), *map(float, sys.argv[2:])
with Room(folder, int(total)).take(int(mine), waiting=lambda says: print(says, file=sys.stderr)):
    print("has", time.monotonic(), flush=True)
    time.sleep(seconds)
    print("had", time.monotonic(), flush=True)
"""


def hold(folder: Path, mine: int, seconds: float = 0.5, total: int = 1000) -> subprocess.Popen[str]:
    arguments = [str(folder), str(total), str(mine), str(seconds)]
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def times(process: subprocess.Popen[str]) -> tuple[float, float, str]:
    out, err = process.communicate()
    assert process.returncode == 0, err
    began, ended = (float(line.split()[1]) for line in out.splitlines())
    return began, ended, err


def most_at_once(held: list[tuple[float, float, int]]) -> int:
    return max(sum(mib for b, e, mib in held if b <= at < e) for at, _, _ in held)


def test_processes_hold_what_there_is_and_never_more(tmp_path):
    sizes = [300, 600, 700, 300, 400, 1000]
    held = [(*times(process)[:2], mib) for process, mib in [(hold(tmp_path, mib), mib) for mib in sizes]]
    assert most_at_once(held) <= 1000


def test_two_that_fit_are_side_by_side(tmp_path):
    first, second = hold(tmp_path, 500, seconds=3), hold(tmp_path, 500, seconds=3)
    one, two = times(first), times(second)
    assert max(one[0], two[0]) < min(one[1], two[1])


def test_one_larger_than_the_machine_is_alone_and_those_that_wait_say_why(tmp_path):
    small = hold(tmp_path, 100, seconds=2)
    assert small.stdout.readline().startswith("has")
    large = hold(tmp_path, 5000)
    began, _, said = times(large)
    out, _ = small.communicate()
    assert began >= float(out.split()[1])
    assert said.strip() == "Waits for 1,000 MiB: other steps have 100 of this machine's 1,000 MiB."


def test_a_process_that_is_killed_lets_go(tmp_path):
    killed = hold(tmp_path, 1000, seconds=60)
    assert killed.stdout.readline().startswith("has")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    with Room(tmp_path, 1000).take(1000):
        assert len(list(tmp_path.glob("*.taken"))) == 1
    assert not list(tmp_path.glob("*.taken"))


def test_the_machines_memory_is_known():
    assert 256 < machine_mib() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20


def test_waiting_takes_no_processor(tmp_path):
    with Room(tmp_path, 1000).take(1000):
        waiting = hold(tmp_path, 10, seconds=0)
        time.sleep(1.5)
        ticks = Path(f"/proc/{waiting.pid}/stat").read_text().rsplit(") ", 1)[1].split()[11:13]
    times(waiting)
    assert sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") < 0.5
