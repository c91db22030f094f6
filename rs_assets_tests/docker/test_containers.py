"""Steps in containers, on a real engine: what they are given, and what becomes of those that go wrong."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import dagster as dg
import pytest

from rs_assets_tests.docker.engine import client, docker, logs
from rs_assets_tests.docker.place import Place

pytestmark = pytest.mark.docker
GIB = 2**30


def log_of(home: Place) -> None:
    segment = home.path / "raw" / "site=a" / "log_date=2024-01-06" / "0.ndjson"
    segment.parent.mkdir(parents=True)
    segment.write_text("{}\n")
    for path in (segment, *segment.parents[:2]):
        path.chmod(0o777)  # so that nothing but the mount can keep a step from writing it


def of_type(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def running(home: Place, seconds: float = 60) -> dict[str, Any]:
    """The step's container, once its step is at work."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for one in home.containers():
            said = logs(one["Id"]) if one["State"]["Running"] else ""
            if "STEP_START" in said or "STEP_RESTARTED" in said:
                return one
        time.sleep(0.3)
    raise AssertionError("no step has started")


@pytest.fixture
def sleeping(home: Place) -> tuple[Place, subprocess.Popen[str], dict[str, Any]]:
    """A run whose step goes on until it is stopped, and what Docker says of the step's container."""
    log_of(home)
    command = ("python", "-m", "rs_assets_tests.docker.location", "sleeper")
    run = home.start(*command, SECRET="x")
    return home, run, running(home)


def test_a_live_container_is_as_large_as_its_box_and_has_what_it_was_given_and_no_more(sleeping):
    home, run, live = sleeping
    host = live["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 0.5 * GIB
    assert host["CpuShares"] == 2048 and host["CpuQuota"] == 0 and host["NanoCpus"] == 0
    assert live["Config"]["User"] == "10001:10001"
    assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["ReadonlyRootfs"] and list(host["Tmpfs"]) == ["/tmp"]
    assert host["NetworkMode"] == "none" and list(live["NetworkSettings"]["Networks"]) == ["none"]
    assert not host["Devices"] and not host["Binds"] and not host["VolumesFrom"]
    assert host["PidMode"] == host["UTSMode"] == "" and host["IpcMode"] == "private"
    seen = {mount["Destination"]: mount["RW"] for mount in live["Mounts"]}
    assert seen == {
        f"{home.path}/raw": False,
        f"{home.path}/lake": True,
        f"{home.path}/dagster": True,
        "/home/rs/alerts": True,
        "/opt/rs_assets/rs_assets_tests": False,
    }
    assert not any(variable.startswith("SECRET=") for variable in live["Config"]["Env"])

    group = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
    limit = docker(
        "exec", live["Id"], "sh", "-c", f"cat {group} 2>/dev/null || cat /sys/fs/cgroup/memory.max"
    )
    assert int(limit) == 0.5 * GIB, "the kernel's own word"

    docker("kill", home.launcher)
    run.communicate(timeout=60)


def test_a_cancelled_run_leaves_no_container(sleeping):
    home, run, live = sleeping
    docker("stop", "--time=60", home.launcher)  # what cancelling does to a run worker: a SIGTERM
    run.communicate(timeout=60)
    assert home.containers() == []
    assert live["Id"] not in docker("ps", "--all", "--quiet", "--no-trunc").split()


def test_a_run_that_is_terminated_in_the_ui_leaves_no_container(home):
    done = home.run("python", "-m", "rs_assets_tests.docker.webserver")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert (seen["status"], len(seen["before"]), seen["after"]) == ("CANCELED", 1, [])


def test_the_next_run_stops_what_a_run_that_is_over_still_has_running(sleeping):
    home, run, live = sleeping
    docker("kill", home.launcher)  # the run worker itself, which can stop nothing any more
    run.communicate(timeout=60)
    over = "import dagster as dg; on = dg.DagsterInstance.get(); [on.report_run_failed(r) for r in on.get_runs()]"
    assert home.run("python", "-c", over).returncode == 0
    assert docker("inspect", "--format={{.State.Running}}", live["Id"]) == "true"
    home.job("modest")
    assert docker("inspect", "--format={{.State.Running}}", live["Id"]) == "false"


def test_a_step_can_read_the_raw_log_and_write_the_lake_and_nothing_else(home):
    log_of(home)
    events = home.job("intruder", SECRET="x")
    (made,) = of_type(events, "ASSET_MATERIALIZATION")
    assert made["metadata"] == {
        "read the raw log": "done",
        "write the lake": "done",
        "write /tmp": "done",
        "append to the raw log": "OSError",  # a read-only file system
        "add to the raw log": "OSError",
        "remove from the raw log": "OSError",
        "write the root": "OSError",
        "talk to Docker": "FileNotFoundError",
        "reach the network": "OSError",
        "uid": "10001",
        "gid": "10001",
        "groups": "10001",
        "capabilities": "0" * 16,
        "no new privileges": "1",
        "interfaces": "lo",
        "secret": "none",
    }
    assert (home.path / "raw/site=a/log_date=2024-01-06/0.ndjson").read_text() == "{}\n"


def test_a_step_that_needs_more_than_its_box_is_killed_and_explained_and_tried_again_in_a_larger_one(home):
    events = home.job("greedy")
    (again,) = of_type(events, "STEP_UP_FOR_RETRY")
    assert again["error"] == (
        "OutOfMemory: greedy needs more than its 0.25 GiB: the kernel killed it. Give it Box(memory_gib=0.5), "
        "or see `rs-assets boxes`. It is tried again with 0.5 GiB.\n"
    )
    assert [event["step"] for event in of_type(events, "STEP_SUCCESS")] == ["greedy"]
    (killed,) = home.containers()
    assert killed["State"]["OOMKilled"] and killed["HostConfig"]["Memory"] == 0.25 * GIB


def test_a_killed_process_of_a_step_that_lives_is_explained_and_the_step_tried_again(home):
    events = home.job("parent")
    (again,) = of_type(events, "STEP_UP_FOR_RETRY")
    assert "parent needs more than its 0.25 GiB: the kernel killed one of its processes." in again["error"]
    (made,) = of_type(events, "ASSET_MATERIALIZATION")
    assert made["metadata"] == {"mib": 256}


def test_a_step_that_may_not_be_tried_again_fails_with_the_explanation_and_its_container_is_kept(home):
    events = home.job("insatiable")
    (failed,) = of_type(events, "STEP_FAILURE")
    assert failed["told"] == (
        "insatiable needs more than its 0.25 GiB: the kernel killed it. Give it Box(memory_gib=0.5), "
        "or see `rs-assets boxes`."
    )
    assert not of_type(events, "STEP_UP_FOR_RETRY")
    (kept,) = home.containers()
    assert kept["State"]["ExitCode"] == 137


def test_an_error_of_a_steps_own_is_no_matter_of_memory(home):
    events = home.job("wrong")
    (failed,) = of_type(events, "STEP_FAILURE")
    assert "wrong" in failed["error"] and "told" not in failed


def test_containers_of_steps_that_succeed_are_gone_by_the_runs_end(home):
    events = home.job("three")
    assert [event["step"] for event in of_type(events, "STEP_SUCCESS")] == ["modest", "second", "third"]
    assert home.containers() == []


def test_a_step_whose_container_somebody_kills_is_tried_again_once_and_its_code_is_told(sleeping):
    home, run, live = sleeping
    docker("kill", live["Id"])
    again = running(home)
    assert again["Id"] != live["Id"]
    docker("kill", again["Id"])
    out, _ = run.communicate(timeout=60)
    events = json.loads(out.splitlines()[-1])
    (retried,) = of_type(events, "STEP_UP_FOR_RETRY")
    (failed,) = of_type(events, "STEP_FAILURE")
    for event, container in ((retried, live), (failed, again)):
        assert "ended with code 137, and not for memory" in event["error"]
        assert f"docker logs {container['Name'].strip('/')}" in event["error"]
    assert "It is tried again." in retried["error"] and "again" not in failed["error"]


def test_failed_containers_are_kept_for_a_day_and_gone_with_the_next_run_after_it(home):
    from rs_assets.compute.docker import step_handler, upkeep
    from rs_assets.compute.docker.container import Policy

    home.job("wrong")
    home.job("insatiable")
    handler = step_handler.BoxStepHandler(Policy(home.image, "1:1", (), {}))
    labels = {one["Config"]["Labels"]["rs_assets.step"] for one in home.containers()}
    assert labels == {"wrong", "insatiable"}
    before, nowhere = upkeep.KEPT, dg.DagsterInstance.ephemeral()
    try:
        handler.remove_old(nowhere)  # steps of other tests may run: it knows nothing of their runs
        assert len(home.containers()) == 2
        upkeep.KEPT *= 0
        handler.remove_old(nowhere)
        assert home.containers() == []
    finally:
        upkeep.KEPT = before
        handler.client.close()


def test_a_missing_image_is_named_with_what_makes_it(home):
    (failed,) = of_type(home.job("modest", RS_IMAGE="nowhere.invalid/x:1"), "STEP_FAILURE")
    assert failed["told"] == "Docker has no image 'nowhere.invalid/x:1'.\nRun `make image`, or set RS_IMAGE."


def test_a_place_that_is_not_there_is_named(home):
    mounts = f"{home.mounts},{home.path}/nowhere:/mnt:ro"
    (failed,) = of_type(home.job("modest", RS_DOCKER_MOUNTS=mounts), "STEP_FAILURE")
    assert f"{home.path}/nowhere" in failed["told"]
    assert home.containers() == []


def test_the_image_holds_no_history_no_log_and_no_certificates_of_the_builders(built):
    listed = docker(
        "run", "--rm", built, "sh", "-c", "ls -a /opt/rs_assets; ls /run/secrets 2>&1 | wc -l; id -u"
    )
    names = listed.split()
    assert "dbt" in names and ".git" not in names and ".rs" not in names and "rs_assets_tests" not in names
    assert names[-1] == "10001"
    said = subprocess.run([client(), "run", "--rm", "--network=none", built], capture_output=True, text=True)
    assert "replay" in said.stdout
