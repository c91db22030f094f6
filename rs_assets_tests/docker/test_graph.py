"""The whole graph, each asset in a container of its own: the same bytes, and the limits that were declared."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from rs_assets.compute import Box
from rs_assets.lake import Lake
from rs_assets_tests.defs import replays
from rs_assets_tests.docker.inspector import Inspector
from rs_assets_tests.docker.place import Place, place
from rs_assets_tests.lakes import published

pytestmark = pytest.mark.docker
DATES = ["2024-01-06", "2024-01-07", "2024-01-08"]
FIRST, LAST = DATES[0], DATES[-1]  # a Saturday to a Monday: the weekly cut lies within


REAL = ("taobao", "rees46")


@pytest.fixture(scope="module")
def replayed(built: str) -> Iterator[tuple[Place, dict[str, dict[str, Any]]]]:
    """A place whose log was replayed by containers, and what Docker said of each of them.

    With RS_DATASETS set, the log has three log dates of real shops' events as well.
    """
    with place(built) as home:
        size = ("--start", FIRST, "--days", "3", "--events", "12000", "--broken", "0.05")
        assert not (made := home.run("rs-assets", "generate", *size)).returncode, made.stderr
        if os.environ.get("RS_DATASETS"):
            for name in REAL:
                here = {"RS_RAW_LOG": f"{home.path}/raw"}
                done = replays.run(home.path, "import", name, "--shift-to", FIRST, **here)
                assert done.returncode == 0, done.stdout + done.stderr
        watching = Inspector()
        done = replay(home, "prod", "docker")
        watching.close()
        assert done.returncode == 0, done.stdout + done.stderr
        yield home, watching.seen


def replay(home: Place, environment: str, executor: str) -> subprocess.CompletedProcess[str]:
    options = ["--from", FIRST, "--to", LAST, "--environment", environment, "--executor", executor]
    return home.run("rs-assets", "replay", *options)


def test_every_step_has_a_container_as_large_as_its_box(replayed):
    from rs_assets.definitions import defs

    _, seen = replayed
    nodes = defs.resolve_job_def("replay_job").nodes
    assert set(seen) == {node.name for node in nodes}
    for node in nodes:
        box, host = Box.of_tags(node.definition.tags), seen[node.name]["HostConfig"]
        assert host["Memory"] == host["MemorySwap"] == box.memory_mib * 2**20, node.name
        assert host["CpuShares"] == box.cpu * 1024, node.name
    assert len({one["HostConfig"]["Memory"] for one in seen.values()}) > 1, "not all boxes are alike"


def test_every_steps_container_sees_the_raw_log_read_only_and_is_nobodys_root(replayed):
    home, seen = replayed
    for step, one in seen.items():
        mounts = {mount["Destination"]: mount["RW"] for mount in one["Mounts"]}
        assert mounts[f"{home.path}/raw"] is False, step
        assert not any("docker.sock" in mount["Source"] for mount in one["Mounts"]), step
        assert one["Config"]["User"] == "10001:10001" and one["HostConfig"]["CapDrop"] == ["ALL"], step
    assert home.containers() == [], "all have succeeded"


def test_containers_and_processes_make_the_same_bytes_and_receipts(replayed):
    home, _ = replayed
    done = replay(home, "again", "multiprocess")
    assert done.returncode == 0, done.stdout + done.stderr
    prod = digests(home, "prod")
    assert len(prod) > 60
    assert prod == digests(home, "again")
    receipts = [
        json.loads(home.run("rs-assets", "receipt", "--environment", environment, "--json").stdout)
        for environment in ("prod", "again")
    ]
    assert receipts[0] == receipts[1] and receipts[0]["digest"]


@pytest.mark.skipif(not os.environ.get("RS_DATASETS"), reason="RS_DATASETS is not set")
def test_real_shops_were_in_it(replayed):
    home, _ = replayed
    events = pl.read_parquet(Lake(f"{home.path}/lake").objects("valid_events", DATES))
    assert set(REAL) <= set(events["site"])


def digests(home: Place, environment: str) -> dict[str, str]:
    files = published(Lake(f"{home.path}/lake", environment))
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_a_first_replay_needs_nothing_but_the_image_and_a_log(built):
    """By the defaults of a laptop: everything below RS_HOME, nothing made before but the log."""
    with place(built) as home:
        (home.path / "lake").rmdir()
        unset = dict.fromkeys(
            ("RS_RAW_LOG", "RS_LAKE", "DAGSTER_HOME", "RS_DOCKER_MOUNTS", "RS_DOCKER_ENV"), ""
        )
        here = {**unset, "RS_HOME": str(home.path)}
        size = ("--start", FIRST, "--days", "1", "--events", "2000")
        assert not (made := home.run("rs-assets", "generate", *size, **here)).returncode, made.stderr
        watching = Inspector()
        only = ("--only", "valid_events", "--only", "quarantined_events", "--only", "alerts")
        done = home.run("rs-assets", "replay", "--executor", "docker", *only, **here)
        watching.close()
        assert done.returncode == 0, done.stdout + done.stderr
        assert Lake(f"{home.path}/lake").log_dates("alerts") == [FIRST]
        assert {mount["Destination"]: mount["RW"] for mount in watching.seen["split"]["Mounts"]} == {
            f"{home.path}/raw": False,
            f"{home.path}/lake": True,
            f"{home.path}/dagster": True,
            "/home/rs/alerts": True,
        }
