"""What is told of a step's memory, CPU and files, by processes that really use them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rs_assets.compute.usage import Cgroup, Meter, Usage

START = """
import json, os, subprocess, sys, time
from pathlib import Path
from rs_assets.compute.usage import Cgroup, Meter
def forked():
    ready, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        own = bytearray(150 * 2**20)
        os.write(says, b"x")
        time.sleep(60)
    os.read(ready, 1)
    return pid
def ended(pid):
    os.kill(pid, 9)
    os.waitpid(pid, 0)
meter = Meter(Cgroup(Path("/nowhere"), "")).start()
"""
TELL = "\nprint(json.dumps(vars(meter.read())))\n"
MIB = 2**20


def used(code: str) -> Usage:
    """What a new process says that it used for this code, without a cgroup to hide behind."""
    done = subprocess.run(
        [sys.executable, "-c", START + code + TELL], capture_output=True, text=True, check=True
    )
    return Usage(**json.loads(done.stdout.splitlines()[-1]))


def test_an_array_of_300_mib_is_seen_after_it_is_gone():
    idle, large = used(""), used("import numpy; a = numpy.ones(300 * 2**20 // 8); del a")
    assert 295 < large.memory_mib < 380
    assert idle.memory_mib < 60


def test_the_memory_of_a_child_that_has_ended_is_seen():
    child = used("subprocess.run([sys.executable, '-c', 'a = bytearray(300 * 2**20)'], check=True)")
    assert 300 < child.memory_mib < 360


def test_two_children_at_once_count_together_and_what_they_share_with_their_parent_counts_once():
    code = """
shared = bytearray(200 * 2**20)
children = [forked(), forked()]
time.sleep(0.5)
usage = meter.read()
for pid in children:
    ended(pid)
"""
    done = used(code)
    assert 500 < done.memory_mib < 580


def test_pages_are_walked_over_only_where_children_may_make_a_new_peak():
    code = """
from rs_assets.compute import usage
walks, real = [], usage._sum_mib
usage._sum_mib = lambda path, *fields: (walks.append(path) if "rollup" in path else None) or real(path, *fields)
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
own = bytearray(100 * 2**20)
del own
time.sleep(0.5)  # five samples
few = len(walks)
pid = forked()
time.sleep(0.5)
many = len(walks)
ended(pid)
child.communicate()
assert few == 0 < many, (few, many)
"""
    assert 150 < used(code).memory_mib < 220


def test_reading_a_file_of_500_mb_is_read_and_no_memory(tmp_path: Path):
    big = tmp_path / "big"
    with open(big, "wb") as file:
        for _ in range(500):
            file.write(b"x" * 1_000_000)
    done = used(f"with open({str(big)!r}, 'rb') as f:\n    while f.read(2**20): pass")
    assert done.memory_mib < 60
    assert 476 < done.read_mib < 500
    big.unlink()


def test_what_is_written_is_counted(tmp_path: Path):
    done = used(f"Path({str(tmp_path / 'out')!r}).write_bytes(bytes(20 * 2**20))")
    assert 20 <= done.written_mib < 22


def test_cpu_of_the_process_and_of_its_children_is_counted_and_waiting_is_not():
    spin = "t = time.process_time()\nwhile time.process_time() - t < 0.5: pass\n"
    code = f"{spin}subprocess.run([sys.executable, '-c', 'import time\\n' + {spin!r}], check=True)\n"
    busy, waiting = used(code), used("time.sleep(1)")
    assert busy.cpu_seconds >= 1
    assert waiting.cpu_seconds < 0.5 < waiting.wall_seconds


def test_a_second_step_in_the_same_process_is_not_charged_for_the_first():
    code = """
first = bytearray(300 * 2**20)
assert meter.read().memory_mib > 300
del first
subprocess.run([sys.executable, '-c', 'a = bytearray(250 * 2**20)'], check=True)
meter.stop()
meter = Meter(Cgroup(Path("/nowhere"), "")).start()
"""
    assert used(code).memory_mib < 60


V1 = "12:memory:/docker/abc\n5:cpu,cpuacct:/docker/abc\n0::/\n"


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize("inside", ["", "docker/abc/"])
def test_counters_of_cgroup_v1_are_read_in_the_own_group_or_where_a_container_sees_it(tmp_path, inside):
    files = {
        f"memory/{inside}memory.max_usage_in_bytes": f"{64 * MIB}\n",
        f"cpu/{inside}cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 1500000000\n",
    }
    found = Cgroup(lay(tmp_path, files), V1)
    assert (found.peak_mib(), found.throttled_seconds()) == (64, 1.5)


@pytest.mark.parametrize("inside", ["", "system.slice/docker-abc.scope/"])
def test_counters_of_cgroup_v2_are_read_in_the_own_group_or_where_a_container_sees_it(tmp_path, inside):
    files = {
        f"{inside}memory.peak": f"{64 * MIB}\n",
        f"{inside}cpu.stat": "usage_usec 9\nnr_throttled 4\nthrottled_usec 1500000\n",
    }
    found = Cgroup(lay(tmp_path, files), "0::/system.slice/docker-abc.scope\n")
    assert (found.peak_mib(), found.throttled_seconds()) == (64, 1.5)


@pytest.mark.parametrize("membership", ["", V1, "0::/\n"])
def test_without_counters_nothing_is_made_up(tmp_path, membership):
    found = Cgroup(tmp_path, membership)
    assert (found.peak_mib(), found.throttled_seconds()) == (None, None)
    meter = Meter(found).start()
    usage = meter.read()
    meter.stop()
    assert usage.memory_mib > 0
    assert usage.throttled_seconds is None and "used/throttled_seconds" not in usage.metadata()


def test_no_step_used_more_than_its_cgroup_ever_had(tmp_path):
    """A file that is mapped is resident in every process that has it, and in the cgroup once."""
    files = {"memory.peak": f"{5 * MIB}\n", "cpu.stat": "throttled_usec 2000000\n"}
    meter = Meter(Cgroup(lay(tmp_path, files), "0::/\n")).start()
    lay(tmp_path, {"cpu.stat": "throttled_usec 2500000\n"})
    usage = meter.read()
    meter.stop()
    assert (usage.memory_mib, usage.throttled_seconds) == (5, 0.5)
