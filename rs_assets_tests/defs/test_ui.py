"""The UI's own way: `dagster dev` over a lake, and a backfill of everything launched through its API."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rs_assets.lake import Lake
from rs_assets.log.generator import Plan, generate

ROOT = Path(__file__).parents[2]
DATES = ["2024-01-07", "2024-01-08"]
PATIENCE = 300

BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
STATUS = """
query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status }
    ... on PythonError { message }
  }
  runsOrError(filter: {tags: [{key: "dagster/backfill", value: $id}]}) {
    ... on Runs { results { status assetSelection { path } tags { key value } } }
  }
}"""
WORKSPACE = """
{
  assetNodes {
    assetKey { path } description groupName isPartitioned
    backfillPolicy { policyType }
  }
  schedulesOrError(repositorySelector: {
    repositoryName: "__repository__", repositoryLocationName: "rs_assets"
  }) { ... on Schedules { results { name scheduleState { status } } } }
}"""


class Ui:
    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self.address, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = json.load(answer)
        assert "errors" not in said, said["errors"]
        return said["data"]


@pytest.fixture(scope="module")
def ui(home) -> Iterator[tuple[Ui, Path]]:
    place: Path = home("ui")
    plan = Plan(start=dt.date(2024, 1, 7), days=2, events=8_000, broken=0.05)
    generate(plan, str(place / "raw"), str(place / "truth.csv"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dagster_home = place / "dagster"
    dagster_home.mkdir()
    (dagster_home / "dagster.yaml").write_text((ROOT / "deploy" / "dagster.yaml").read_text())
    command = [Path(sys.executable).with_name("dagster"), "dev", "-w", ROOT / "workspace.yaml"]
    env = {**os.environ, "DAGSTER_HOME": str(dagster_home), "RS_EXECUTOR": "in_process"}
    with open(place / "dev.log", "wb") as log:
        server = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)],
            cwd=place,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        client = Ui(port)
        _wait(lambda: _is_up(client), "dagster dev did not come up")
        yield client, place
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _is_up(client: Ui) -> bool:
    try:
        return bool(client.ask(WORKSPACE)["assetNodes"])
    except (urllib.error.URLError, ConnectionError):
        return False


def _wait(ready: Any, otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, otherwise
        time.sleep(1)


def test_the_graph_is_there_described_and_partitioned_and_the_schedules_run(ui):
    client, _ = ui
    seen = client.ask(WORKSPACE)
    assert {"raw_events", "valid_events", "quarantine_report"} <= {
        node["assetKey"]["path"][-1] for node in seen["assetNodes"]
    }
    for node in seen["assetNodes"]:
        assert node["description"] and node["groupName"] and node["isPartitioned"], node
        if node["assetKey"]["path"][-1] not in ("raw_events", "decisions"):  # the inputs
            assert node["backfillPolicy"]["policyType"] == "SINGLE_RUN", node
    states = {s["name"]: s["scheduleState"]["status"] for s in seen["schedulesOrError"]["results"]}
    assert states == {"daily": "RUNNING", "observe": "RUNNING"}


def test_a_backfill_of_everything_is_a_full_replay_in_a_few_range_runs(ui):
    client, place = ui
    keys = [n["assetKey"] for n in client.ask(WORKSPACE)["assetNodes"] if n["backfillPolicy"]]
    started = client.ask(BACKFILL, params={"assetSelection": keys, "partitionNames": DATES})
    backfill = started["launchPartitionBackfill"]
    assert backfill["__typename"] == "LaunchBackfillSuccess", backfill

    def over() -> bool:
        status = client.ask(STATUS, id=backfill["backfillId"])["partitionBackfillOrError"]["status"]
        assert "FAIL" not in status, (place / "dev.log").read_text()[-3000:]
        return status == "COMPLETED_SUCCESS"

    _wait(over, "the backfill did not end")
    runs = client.ask(STATUS, id=backfill["backfillId"])["runsOrError"]["results"]
    tags = [{tag["key"]: tag["value"] for tag in run["tags"]} for run in runs]
    assert len(runs) == 2, "the split, then what goes on from its own previous date: never one a date"
    for run in tags:
        assert run["dagster/asset_partition_range_start"] == DATES[0]
        assert run["dagster/asset_partition_range_end"] == DATES[-1]
    assert sum(len(run["assetSelection"]) for run in runs) == len(keys), "each asset once"
    lake = Lake(str(place / "lake"))
    assert len(lake.assets()) == len(keys)
    assert all(lake.log_dates(asset) == DATES for asset in lake.assets())
