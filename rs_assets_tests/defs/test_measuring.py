"""Each step takes the memory of its box, has its threads, and says what it used; and no byte depends on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from rs_assets.compute import Box
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs import replays

ROOT = Path(__file__).parents[2]
KEYS = {f"used/{name}" for name in ("memory_mib", "cpu_seconds", "wall_seconds", "read_mib", "written_mib")}


@pytest.fixture(scope="module")
def place(home) -> Path:
    """Where the assets of `weighed` write; the server that steps fork from keeps the first that it is told."""
    made = home("weighed")
    os.environ |= {"WEIGHED": str(made), "DAGSTER_MULTIPROCESS_EXECUTOR_MAX_CONCURRENT": "4"}
    return made


def run_weighed(place: Path, memory_gib: int) -> list[dict[str, float]]:
    from rs_assets_tests.defs import weighed

    (place / "gib").write_text(str(memory_gib))
    with dg.instance_for_test() as on:
        result = dg.execute_job(dg.reconstructable(weighed.job), instance=on)
        assert result.success
        for name in weighed.NAMES:
            event = on.get_latest_materialization_event(dg.AssetKey(name))
            assert event.asset_materialization.metadata.keys() >= KEYS
    return [json.loads((place / f"{name}.json").read_text()) for name in weighed.NAMES]


def at_once(told: list[dict[str, float]]) -> int:
    return max(sum(one["began"] <= at["began"] < one["ended"] for one in told) for at in told)


def test_steps_whose_boxes_exceed_the_machine_are_never_at_work_together(place):
    told = run_weighed(place, memory_gib=8)
    assert at_once(told) <= 2
    assert {one["threads"] for one in told} == {1}


def test_steps_whose_boxes_fit_the_machine_are(place):
    assert at_once(run_weighed(place, memory_gib=16)) > 2


@pytest.fixture(autouse=True)
def dagster_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each environment has a storage of its own, unless a test before has opened one."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(scope="module")
def replayed(home) -> Path:
    """A home whose log was replayed by `multiprocess`."""
    place = home("measured")
    generate(Plan(days=2, events=4_000, broken=0.05), str(place / "raw"), str(place / "truth.csv"))
    replays.replay(place, "2024-01-01", "2024-01-02", "prod", "--executor", "multiprocess")
    return place


def test_every_materialization_of_every_asset_says_what_its_step_used(replayed):
    from rs_assets.definitions import build_defs
    from rs_assets.defs.launch import instance
    from rs_assets.settings import Settings

    on = instance(Settings.from_env({"RS_HOME": str(replayed)}))
    keys = build_defs().resolve_job_def("replay_job").asset_layer.executable_asset_keys
    assert len(keys) > 15
    for key in keys:
        records = on.fetch_materializations(key, limit=10).records
        assert len(records) == 2, key
        for record in records:
            metadata = record.asset_materialization.metadata
            assert metadata.keys() >= KEYS, key
            assert 20 < metadata["used/memory_mib"].value < 4096, key
            assert metadata["used/cpu_seconds"].value > 0, key


def test_what_was_used_is_in_no_object_and_another_executor_makes_the_same_bytes(replayed):
    replays.replay(replayed, "2024-01-01", "2024-01-02", "dev-again", "--executor", "in_process")
    assert replays.lake_bytes(replayed) == replays.lake_bytes(replayed, "dev-again")


def test_boxes_tells_of_each_step_what_it_asked_for_used_and_should_ask_for(replayed):
    done = replays.run(replayed, "boxes", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["step"]: row for row in json.loads(done.stdout)["steps"]}
    assert rows["split"]["assets"] == ["quarantined_events", "valid_events"]
    assert "raw_events" not in rows
    assert rows.pop("box_report")["runs"] == 0, "it is no part of a replay"
    for name, row in rows.items():
        assert row["runs"] == 1, name
        assert 20 < row["memory_p50_mib"] <= row["memory_max_mib"], name
        assert row["proposed"]["memory_gib"] * 1024 >= row["memory_max_mib"] * 1.25 - 1, name
        assert row["cost"] > 0, name
    table = replays.run(replayed, "boxes")
    assert table.returncode == 0, table.stderr
    assert all(name in table.stdout for name in rows)
    assert "AWS Fargate, us-east-1" in table.stdout


def test_a_price_list_of_ones_own_is_used_and_a_wrong_one_is_told(replayed, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "Ours"\nsource = "us"\ndate = 2026-01-01\ncurrency = "EUR"\ncpu_hour = 0\ngib_hour = 0\n'
    )
    done = replays.run(replayed, "boxes", "--json", RS_PRICES=str(own))
    assert {row["cost"] for row in json.loads(done.stdout)["steps"] if row["runs"]} == {0}
    wrong = replays.run(replayed, "boxes", RS_PRICES=str(tmp_path / "none.toml"))
    assert (wrong.returncode, "Traceback" in wrong.stderr) == (1, False)


def test_apply_writes_what_is_proposed_into_the_code_and_the_models_and_prints_it_as_a_diff(
    replayed, tmp_path
):
    code = tmp_path / "code"
    for part in ("rs_assets", "dbt", "deploy"):
        shutil.copytree(ROOT / part, code / part, ignore=shutil.ignore_patterns("__pycache__"))
    before = _text(code)
    there = {**os.environ, "RS_HOME": str(replayed), "PYTHONPATH": str(code)}
    command = [sys.executable, "-P", "-m", "rs_assets.cli", "boxes"]

    def call(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], capture_output=True, text=True, cwd=code, env=there)

    rows = json.loads(call("--json").stdout)["steps"]
    done = call("--apply")
    assert done.returncode == 0, done.stderr
    changed = {path for path, text in _text(code).items() if text != before[path]}
    assert {"dbt/models/schema.yml", "rs_assets/defs/raw.py"} & changed == {"dbt/models/schema.yml"}
    assert {
        line.removeprefix("+++ b/") for line in done.stdout.splitlines() if line.startswith("+++ ")
    } == changed
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    subprocess.run(["git", "apply", "-R", "-"], input=done.stdout, text=True, cwd=code, env=alone, check=True)
    assert _text(code) == before, "the diff is what was done"
    assert sum(row["proposed"] != row["asked"] for row in rows) > 10


def test_each_step_has_a_declaration_that_can_be_changed_and_its_number_is_the_steps(home):
    home("declared")
    from rs_assets.definitions import build_defs
    from rs_assets.defs import uses

    defs = build_defs()
    places = dict(uses.declarations(defs.resolve_asset_graph().assets_defs))
    asked = {
        made.op.name: Box.of_tags(made.op.tags).memory_gib
        for made in defs.resolve_asset_graph().assets_defs
        if made.keys and made.is_materializable
    }
    assert places.keys() == asked.keys()
    for name, place in places.items():
        assert float(place.path.read_text()[place.start : place.end]) == asked[name], name


def _text(code: Path) -> dict[str, str]:
    return {
        str(path.relative_to(code)): path.read_text(encoding="utf-8")
        for kind in ("*.py", "*.yml")
        for path in sorted(code.rglob(kind))
    }


@pytest.mark.parametrize(
    ("event", "limit"),
    [
        (
            "OutOfMemory: a needs more than its 0.5 GiB: the kernel killed it. Give it Box(memory_gib=0.75)",
            512,
        ),
        (
            "Task arn failed.\nStop code: EssentialContainerExited.\nContainer 'run' failed - exit code 137.",
            None,
        ),
    ],
)
def test_a_kill_that_a_container_told_of_is_counted_with_its_limit(event, limit):
    @dg.op(name="a")
    def dies() -> None:
        raise dg.Failure(event)

    @dg.job
    def once() -> None:
        dies()

    from rs_assets.defs.uses import _kills

    with dg.instance_for_test() as on:
        once.execute_in_process(instance=on, raise_on_error=False)
        assert _kills(on) == {"a": [limit]}


def test_box_report_is_a_page_and_a_table_of_the_runs_and_no_part_of_a_replay(replayed):
    from rs_assets.definitions import build_defs
    from rs_assets.defs.launch import instance
    from rs_assets.lake import Lake
    from rs_assets.settings import Settings

    settings = Settings.from_env({"RS_HOME": str(replayed), "RS_EXECUTOR": "in_process"})
    on, defs = instance(settings), build_defs(settings)
    before = replays.run(replayed, "receipt", "--json").stdout
    assert defs.resolve_job_def("box_report_job").execute_in_process(instance=on).success
    metadata = on.get_latest_materialization_event(dg.AssetKey("box_report")).asset_materialization.metadata
    page = Path(metadata["page"].value).read_text(encoding="utf-8")
    for step in ("split", "dbt_sessions", "next_item_model", "box_report"):
        assert f"<code>{step}</code>" in page
        assert step.replace("_", "\\_") in metadata["boxes"].value
    assert metadata["asked_gib"].value > 40 and metadata["saved_gib"].value > 10
    assert metadata.keys() >= KEYS
    assert "box_report" not in Lake(str(replayed / "lake")).assets()
    assert replays.run(replayed, "receipt", "--json").stdout == before != ""
    for job in ("replay_job", "daily_job"):
        keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
        assert dg.AssetKey("box_report") not in keys
