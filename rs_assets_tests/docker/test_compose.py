"""The compose stack on a real engine: it comes up, keeps to its schedule, and outlives what somebody kills of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shlex
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from dagster_graphql import DagsterGraphQLClient

from rs_assets.lake import Lake
from rs_assets_tests.docker.engine import ROOT, docker
from rs_assets_tests.docker.inspector import Inspector
from rs_assets_tests.docker.place import CODE
from rs_assets_tests.docker.stack import Stack, inspected, stack, until
from rs_assets_tests.docs import told
from rs_assets_tests.lakes import published

pytestmark = pytest.mark.docker
TO_COME_UP, TO_BE_SEEN = dt.timedelta(seconds=95), dt.timedelta(seconds=5)
SERVICES = ("postgres", "code", "webserver", "daemon", "keeper")


@dataclass(frozen=True)
class Up:
    """A stack that is up, what `make up` said, and when its daily run starts."""

    stack: Stack
    said: str
    at: dt.datetime


def up(one: Stack) -> Up:
    """`make up`, with the daily run a little later."""
    at = dt.datetime.now(dt.UTC) + TO_COME_UP
    at = at.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    return Up(one, one.make("up", RS_DAILY_AT=f"{at:%H:%M}"), at)


@pytest.fixture(scope="module")
def running(built: str) -> Iterator[Up]:
    with stack(built) as one:
        # The day before, whichever day it is when the daily run starts.
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        size = ("--start", yesterday.isoformat(), "--days", "2", "--events", "6000", "--broken", "0.05")
        one.command("rs-assets", "generate", *size, RS_HOME="/tmp")
        yield up(one)


def test_make_up_waits_until_all_is_healthy_and_says_where_it_is(running):
    assert running.said.splitlines()[-1] == f"rs_assets is up: http://127.0.0.1:{running.stack.port}"
    states = {name: running.stack.service(name)["State"] for name in SERVICES}
    assert {name: state["Health"]["Status"] for name, state in states.items()} == dict.fromkeys(
        SERVICES, "healthy"
    )


def test_its_webserver_is_there_for_this_machine_only(running):
    for name in SERVICES:
        published_ports = running.stack.service(name)["HostConfig"]["PortBindings"]
        bound = [binding["HostIp"] for bindings in (published_ports or {}).values() for binding in bindings]
        assert bound == (["127.0.0.1"] if name == "webserver" else []), name
    assert running.stack.ui.ask("{ version }")["version"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("192.0.2.1", 9))  # sends nothing; says which address others see
        address = out.getsockname()[0]
    with pytest.raises(OSError):
        socket.create_connection((address, running.stack.port), timeout=5)


def test_a_step_that_needs_more_memory_says_so_in_the_stacks_own_storage(running):
    daemon = running.stack.service("daemon")
    environment = {name: value for name, _, value in (v.partition("=") for v in daemon["Config"]["Env"])}
    docker("cp", f"{ROOT}/rs_assets_tests", f"{daemon['Id']}:{CODE}")
    given = {
        "RS_DOCKER_MOUNTS": f"{environment['RS_DOCKER_MOUNTS']},{ROOT}/rs_assets_tests:{CODE}:ro",
        "RS_DOCKER_ENV": f"{environment['RS_DOCKER_ENV']},PYTHONPATH",
        "PYTHONPATH": "/opt/rs_assets",
    }
    variables = [f"--env={key}={value}" for key, value in given.items()]
    job = ("python", "-m", "rs_assets_tests.docker.location", "parent")
    events = json.loads(docker("exec", *variables, daemon["Id"], *job).splitlines()[-1])
    (again,) = [event for event in events if event["type"] == "STEP_UP_FOR_RETRY"]
    assert "parent needs more than its 0.25 GiB: the kernel killed one of its processes." in again["error"]
    assert [event["step"] for event in events if event["type"] == "STEP_SUCCESS"] == ["parent"]
    (run,) = running.stack.runs("parent_job")
    assert run["status"] == "SUCCESS", "it is in Postgres"
    assert workers(run["runId"]) == [], "the daemon lets a run be that is a command's own"


@dataclass(frozen=True)
class Survived:
    """A daily run of which a step, the daemon and the run worker were killed, in turn.

    Attributes:
        run: its id.
        log_date: that the schedule asked for.
        killed: the step.
        workers: the run's containers, before and after.
        steps: what Docker said of each step's container.
        seconds: how long the daemon and the worker were away.
    """

    run: str
    log_date: str
    killed: str
    workers: tuple[dict[str, Any], ...]
    steps: dict[str, dict[str, Any]]
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def survived(running: Up) -> Survived:
    one = running.stack
    while (
        left := running.at - dt.datetime.now(dt.UTC)
    ) < TO_BE_SEEN:  # the machine is slow: once more, later
        running = up(one)
    watching, seconds = Inspector(), {}
    until(lambda: one.runs("daily_job"), "the schedule started no run", left.total_seconds() + 90)
    (daily,) = one.runs("daily_job")
    run = daily["runId"]
    assert daily["tags"]["dagster/schedule_name"] == "daily"

    step = until(lambda: killed_step(run), "no step has started")
    until(lambda: retried(one, run), "the step is not tried again")

    daemon, began = one.service("daemon"), time.monotonic()
    docker("kill", daemon["Id"])
    until(lambda: alive(one.service("daemon"), daemon), "the daemon does not come back", 120)
    seconds["daemon"] = time.monotonic() - began

    (before,), began = workers(run), time.monotonic()
    docker("kill", before["Id"])
    after = until(lambda: [w for w in workers(run) if w["State"]["Running"]], "the run is not resumed", 120)
    seconds["worker"] = time.monotonic() - began

    until(lambda: one.runs("daily_job")[0]["status"] in ("SUCCESS", "FAILURE"), "the run does not end")
    watching.close()
    steps = {name: seen for name, seen in watching.seen.items() if of_run(seen, run)}
    return Survived(run, daily["tags"]["dagster/partition"], step, (before, *after), steps, seconds)


def killed_step(run: str) -> str | None:
    """The step of a container that was there to be killed."""
    for container in docker("ps", "--quiet", f"--filter=label=rs_assets.run={run}").split():
        seen = inspected(container)
        if seen and docker("kill", container, check=False):  # it says nothing where there was nothing to kill
            return str(seen[0]["Config"]["Labels"]["rs_assets.step"])
    return None


def retried(one: Stack, run: str) -> list[dict[str, Any]]:
    return [event for event in one.events(run) if event["__typename"] == "ExecutionStepUpForRetryEvent"]


def alive(now: dict[str, Any], before: dict[str, Any]) -> bool:
    return now["State"]["Running"] and now["State"]["StartedAt"] != before["State"]["StartedAt"]


def workers(run: str) -> list[dict[str, Any]]:
    return inspected(*docker("ps", "--all", "--quiet", f"--filter=label=rs_assets.worker={run}").split())


def of_run(seen: dict[str, Any], run: str) -> bool:
    return seen["Config"]["Labels"]["rs_assets.run"] == run


def test_a_run_that_its_schedule_started_outlives_a_killed_step_daemon_and_run_worker(running, survived):
    (daily,) = running.stack.runs("daily_job")
    assert (daily["runId"], daily["status"]) == (survived.run, "SUCCESS"), "the same run, not another one"
    (again,) = retried(running.stack, survived.run)
    assert again["stepKey"] == survived.killed
    messages = [event.get("message") for event in running.stack.events(survived.run)]
    assert messages.count("Launching a new run worker to resume run") == 1
    assert all(seconds < 120 for seconds in survived.seconds.values()), survived.seconds


def test_the_lake_has_the_digests_of_a_plain_replay(running, survived):
    one, date = running.stack, survived.log_date
    options = ("--from", date, "--to", date, "--environment", "again", "--executor", "multiprocess")
    one.command("rs-assets", "replay", *options)
    by_schedule, by_hand = digests(one, "prod"), digests(one, "again")
    assert len(by_schedule) > 15 and by_schedule == by_hand


def digests(one: Stack, environment: str) -> dict[str, str]:
    files = published(Lake(str(one.place("lake")), environment))
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_docker_is_seen_by_the_daemon_its_run_workers_and_the_keeper_and_by_no_step(running, survived):
    assert len(survived.steps) > 15
    for name, seen in survived.steps.items():
        assert {mount["Destination"]: mount["RW"] for mount in seen["Mounts"]} == {
            "/data/raw": False,
            "/data/decisions": False,
            "/data/lake": True,
            "/data/dagster": True,
            "/home/rs/alerts": True,
        }, name
        assert list(seen["NetworkSettings"]["Networks"]) == [f"{running.stack.project}_steps"], name
    services = {name: running.stack.service(name) for name in SERVICES}
    with_socket = {name for name, seen in services.items() if "docker.sock" in json.dumps(seen["Mounts"])}
    assert with_socket == {"daemon", "keeper"}
    assert all("docker.sock" in json.dumps(seen["Mounts"]) for seen in survived.workers)
    assert all(
        seen["Config"]["User"] == "10001:10001" for seen in (*survived.workers, *survived.steps.values())
    )


def test_a_run_is_terminated_in_the_ui_though_the_webserver_does_not_see_docker(running, survived):
    one, ui = running.stack, DagsterGraphQLClient("127.0.0.1", port_number=running.stack.port)
    edges = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    run = ui.submit_job_execution("replay_job", tags=dict.fromkeys(edges, survived.log_date))
    at_work = lambda: docker("ps", "--quiet", f"--filter=label=rs_assets.run={run}")  # noqa: E731
    until(at_work, "no step has started")
    ui.terminate_run(run)
    ended = lambda: one.runs("replay_job")[0]["status"] == "CANCELED"  # noqa: E731
    until(ended, "the run is not cancelled", 45)
    until(lambda: not at_work(), "its steps go on", 15)


def test_the_commands_of_its_page_do_what_the_page_says_and_leave_nothing(running, survived, tmp_path):
    one = running.stack
    daily_at = dict(e.partition("=")[::2] for e in one.service("code")["Config"]["Env"])["RS_DAILY_AT"]
    with told.page("docs/compose.md") as page:
        up_, elsewhere, down, with_volumes = page.take("sh").splitlines()
        for line in (up_, elsewhere.replace("8080", str(one.port))):
            said = typed(one, line, RS_DAILY_AT=daily_at)
            assert said.splitlines()[-1] == f"rs_assets is up: http://127.0.0.1:{one.port}"

        said = one.typed(page.take("sh").replace("generate ", "generate --days 2 --events 500 "))
        assert "2024-01-01" in said

        folder_of = page.take("sh").replace("rs_assets_raw", f"{one.project}x_raw")
        one.typed(folder_of.replace("/srv/raw", str(tmp_path)))
        tmp_path.chmod(0o777)
        docker("run", "--rm", f"--volume={one.project}x_raw:/data/raw", one.image, "touch", "/data/raw/here")
        docker("volume", "rm", f"{one.project}x_raw")
        assert (tmp_path / "here").exists(), "what a volume was made of stays"

        assert len(one.everything()) > len(SERVICES), "run workers that have ended are there until then"
        typed(one, down)
        assert one.everything() == []
        assert docker("network", "ls", "--quiet", f"--filter=name={one.project}_") == ""
        assert f"{one.project}_raw" in one.volumes()
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", one.port), timeout=5)
        typed(one, with_volumes)
        assert one.volumes() == []


def typed(one: Stack, line: str, **env: str) -> str:
    """A `make` of the page."""
    words = shlex.split(line, comments=True)
    assert words[0] == "make"
    return one.make(*words[1:], **env)
