"""The UI's own way: `dagster dev` over a lake, and a backfill of everything launched through its API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs.uis import Ui, serving, wait

DATES = ["2024-01-07", "2024-01-08"]

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
COLUMNS = """
query ($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      metadataEntries { ...Told }
      assetMaterializations(limit: 1) { metadataEntries { ...Told } }
    }
  }
}
fragment Told on MetadataEntry {
  label
  ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
  ... on TableSchemaMetadataEntry { schema { columns { name type description } } }
}"""
TAGS = "{ assetNodes { assetKey { path } tags { key value } } }"
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


@pytest.fixture(scope="module")
def ui(home) -> Iterator[tuple[Ui, Path]]:
    place: Path = home("ui")
    plan = Plan(start=dt.date(2024, 1, 7), days=2, events=8_000, broken=0.05)
    generate(plan, str(place / "raw"), str(place / "truth.csv"))
    with serving(place) as client:
        yield client, place


def test_the_graph_is_there_described_and_partitioned_and_the_schedules_run(ui):
    client, _ = ui
    seen = client.ask(WORKSPACE)
    assert {"raw_events", "valid_events", "quarantine_report"} <= {
        node["assetKey"]["path"][-1] for node in seen["assetNodes"]
    }
    for node in seen["assetNodes"]:
        name = node["assetKey"]["path"][-1]
        assert node["description"] and node["groupName"], node
        assert node["isPartitioned"] == (name != "box_report"), "that one is of runs, not of log dates"
        if name not in ("raw_events", "decisions", "box_report"):
            assert node["backfillPolicy"]["policyType"] == "SINGLE_RUN", node
    states = {s["name"]: s["scheduleState"]["status"] for s in seen["schedulesOrError"]["results"]}
    assert states == {
        "box_report": "RUNNING",
        "daily": "RUNNING",
        "observe": "RUNNING",
        "seal": "STOPPED",
    }


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

    wait(over, "the backfill did not end")
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


def test_the_page_of_a_dbt_model_tells_of_each_column_where_it_comes_from(ui):
    client, _ = ui
    node = client.ask(COLUMNS, key={"path": ["session_features"]})["assetNodeOrError"]
    (last,) = node["assetMaterializations"]
    for entries in (node["metadataEntries"], last["metadataEntries"]):
        (told,) = [entry["lineage"] for entry in entries if entry["label"] == "dagster/column_lineage"]
        sources = {
            one["columnName"]: {(dep["assetKey"]["path"][-1], dep["columnName"]) for dep in one["columnDeps"]}
            for one in told
        }
        assert sources["mean_price_viewed"] == {
            ("session_events", "price_sum"),
            ("session_events", "priced_views"),
        }
    (schema,) = [e["schema"] for e in last["metadataEntries"] if e["label"] == "dagster/column_schema"]
    said = {column["name"]: column["description"] for column in schema["columns"]}
    assert {column["name"]: column["type"] for column in schema["columns"]}["as_of"] == "Datetime"
    assert said["hour_of_day"] == "0 to 23, UTC. From session_events.event_time."


def test_what_tells_of_persons_is_tagged_and_a_field_in_a_list_is_told_beside_it(ui):
    client, place = ui
    lake = Lake(str(place / "lake"))
    persons = {
        asset
        for asset in lake.assets()
        if {"client_id", "user_id", "raw"} & pl.read_parquet_schema(lake.object(asset, DATES[-1])).keys()
    }
    tagged = {
        node["assetKey"]["path"][-1]
        for node in client.ask(TAGS)["assetNodes"]
        if {"key": "rs_assets/personal_data", "value": "true"} in node["tags"]
    }
    assert tagged == persons | {"raw_events"}
    node = client.ask(COLUMNS, key={"path": ["valid_events"]})["assetNodeOrError"]
    (last,) = node["assetMaterializations"]
    labels = [entry["label"] for entry in last["metadataEntries"]]
    used = [label for label in labels if label.startswith("used/")]
    assert used and labels[-len(used) :] == used, "a page begins with what came out, not with what it took"
    (schema,) = [e["schema"] for e in last["metadataEntries"] if e["label"] == "dagster/column_schema"]
    (items,) = [column for column in schema["columns"] if column["name"] == "items"]
    assert items["type"] == "List(Struct)" and "item_id String, item_name String" in items["description"]
