from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from typer.testing import Result

from rs_assets.cli.doctor import machine, project
from rs_assets.extending.dbt import DbtFolder, our_dbt
from rs_assets.transform.manifest import prepare
from rs_assets_tests.cli.homes import Home

Call = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where nothing is wrong: a log, a lake, a manifest, Dagster's storage."""
    path = tmp_path_factory.mktemp("whole") / "home"
    shutil.copytree(home.path, path, symlinks=True)
    prepare(our_dbt(str(path)))
    (path / "dagster").mkdir()
    shutil.copy(ROOT / "deploy" / "dagster.yaml", path / "dagster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(path / "dagster"))
        with dg.DagsterInstance.get() as instance:
            instance.get_runs_count()
    return path


@pytest.fixture
def patient(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    path = tmp_path / "patient"
    shutil.copytree(whole, path, symlinks=True)
    return path


def _examine(call: Call, home: Path, **env: str) -> dict[str, Any]:
    """The findings by the thing, with the exit code that they call for."""
    result = call("doctor", "--json", home=home, **env)
    found = {finding["thing"]: finding for finding in json.loads(result.stdout)}
    problems = [f for f in found.values() if f["state"] == "problem"]
    assert result.exit_code == bool(problems)
    assert all(f["mend"] for f in found.values() if f["state"] != "fine"), (
        "a finding without a way to mend it"
    )
    return found


def _problems(found: dict[str, Any]) -> set[str]:
    """What is wrong; the packages depend on who set this Python up."""
    return {thing for thing, f in found.items() if f["state"] == "problem"} - {"packages"}


def test_a_whole_installation_has_no_problem_but_may_lack_a_daemon(call: Call, patient: Path) -> None:
    found = _examine(call, patient)
    assert _problems(found) == set()
    assert {
        "Python",
        "disk",
        "home folder",
        "dbt",
        "Dagster",
        "raw log",
        "lake: prod",
        "decisions",
    } <= found.keys()
    assert found["daemon"]["state"] == "note" and "make ui" in found["daemon"]["mend"]


def test_the_doctor_writes_nothing(call: Call, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    _examine(call, empty)
    assert not empty.exists()


def test_the_page_says_how_to_mend_what_it_found(call: Call, patient: Path) -> None:
    shutil.rmtree(patient / "raw")
    result = call("doctor", home=patient)
    assert result.exit_code == 1
    assert "There is no raw log" in result.stdout and "rs-assets generate" in result.stdout
    assert result.stdout.rstrip().endswith(("problem", "problems"))


def test_a_manifest_that_is_missing_cut_or_old_is_a_problem_each(call: Call, patient: Path) -> None:
    manifest = patient / "dbt" / "manifest.json"
    os.utime(manifest, (0, 0))
    old = _examine(call, patient)
    assert _problems(old) == {"dbt"} and "older" in old["dbt"]["found"]
    manifest.write_bytes(manifest.read_bytes()[:1000])
    cut = _examine(call, patient)
    assert _problems(cut) == {"dbt"} and "no manifest" in cut["dbt"]["found"]
    manifest.unlink()
    missing = _examine(call, patient)
    assert _problems(missing) == {"dbt"} and "There is no manifest" in missing["dbt"]["found"]


def test_what_the_doctor_says_of_a_manifest_mends_it(call: Call, patient: Path) -> None:
    (patient / "dbt" / "manifest.json").write_text("{")
    assert _problems(_examine(call, patient)) == {"dbt"}
    (patient / "dbt" / "manifest.json").unlink()
    prepare(our_dbt(str(patient)))
    assert _problems(_examine(call, patient)) == set()


def test_an_object_that_is_cut_or_gone_is_named_with_its_replay(call: Call, patient: Path) -> None:
    lake = Home(patient, None, None).lake  # type: ignore[arg-type]  # only its lake is asked for
    first, second, _ = lake.log_dates("valid_events")
    Path(lake.object("valid_events", first)).write_bytes(b"PAR1")
    Path(lake.object("quarantined_events", second)).unlink()
    found = _examine(call, patient)
    assert _problems(found) == {"lake: prod"}
    damage = found["lake: prod"]
    assert f"valid_events of {first}" in damage["found"]
    assert f"quarantined_events of {second}: part.parquet is missing" in damage["found"]
    assert f"rs-assets replay --from {first} --to {second} --environment prod" in damage["mend"]


def test_a_file_where_a_folder_should_be_is_a_problem(call: Call, patient: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = _examine(call, patient, RS_LAKE=str(tmp_path / "file"))
    assert "lake folder" in _problems(found) and "is a file" in found["lake folder"]["found"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody can write to")
def test_a_folder_that_takes_no_file_is_a_problem() -> None:
    finding = machine.writable("lake", "/proc/nothing/lake")
    assert finding.state == "problem" and "takes no file" in finding.found


def test_a_decision_and_alert_rules_that_cannot_be_read_are_problems(call: Call, patient: Path) -> None:
    (patient / "decisions.ndjson").write_text("{not json\n")
    rules = patient / "rules.toml"
    rules.write_text("[[[")
    assert _problems(_examine(call, patient, RS_ALERT_RULES=str(rules))) == {"decisions", "alert rules"}


def test_dagsters_settings_and_history_are_looked_at(call: Call, patient: Path) -> None:
    settings = patient / "dagster" / "dagster.yaml"
    before = settings.read_text()
    settings.write_text(before + "\nno_such_setting: 1\n")
    assert _problems(_examine(call, patient)) == {"Dagster"}
    settings.write_text(before)
    (database,) = (patient / "dagster").rglob("runs.db")
    database.write_bytes(b"no database " * 1000)
    found = _examine(call, patient)
    assert _problems(found) == {"Dagster"} and "Move the folder away" in found["Dagster"]["mend"]


def test_a_segment_that_is_not_as_it_was_sealed_is_a_problem(call: Call, patient: Path) -> None:
    assert _examine(call, patient)["seals"]["found"].startswith("0 log dates")
    assert call("seal", home=patient).exit_code == 0
    assert _problems(_examine(call, patient)) == set()
    segment = next(path for path in sorted((patient / "raw").rglob("*.zst")) if path.is_file())
    segment.write_bytes(b"short")
    found = _examine(call, patient)
    assert _problems(found) == {"seals"}
    assert segment.name in found["seals"]["found"] and "rs-assets verify" in found["seals"]["mend"]


def test_a_daemon_that_ended_some_minutes_ago_is_told(
    call: Call, patient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(patient / "dagster"))
    with dg.DagsterInstance.get() as instance:
        for name in instance.get_daemon_statuses():
            beat = DaemonHeartbeat(time.time() - 60, name, None, None)
            instance.add_daemon_heartbeat(beat)
        assert _examine(call, patient)["daemon"]["state"] == "fine"
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 600, "SENSOR", None, None))
    assert "sensor" in _examine(call, patient)["daemon"]["found"]


def test_daemons_that_were_heard_of_are_fine_and_the_others_are_named() -> None:
    assert project.daemon([]).state == "fine"
    assert "sensor" in project.daemon(["SENSOR"]).found


def test_a_log_that_breaks_off_is_noted_with_its_segment(call: Call, patient: Path) -> None:
    segment = max((patient / "raw").rglob("*.ndjson.zst"), key=lambda path: path.parent.name)
    segment.write_bytes(segment.read_bytes()[:200])
    found = _examine(call, patient)
    assert found["raw log"]["state"] == "note" and segment.name in found["raw log"]["found"]


def test_an_old_python_and_little_disk_are_problems(tmp_path: Path) -> None:
    assert machine.python((3, 10, 9)).state == "problem"
    assert machine.python(sys.version_info[:3]).state == "fine"
    free = shutil.disk_usage(tmp_path).free
    assert machine.disk(str(tmp_path), little=free * 2, scant=free * 3).state == "problem"
    assert machine.disk(str(tmp_path / "not" / "yet"), little=0, scant=free * 2).state == "note"


def test_packages_are_held_against_the_lock_for_this_python(tmp_path: Path) -> None:
    has = machine.metadata.version("polars")
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"polars=={has} ; python_version >= '3.11'\npolars==0.1 ; python_version < '3.11'\n")
    assert machine.packages(lock).state == "fine"
    lock.write_text("polars==0.1\n")
    other = machine.packages(lock)
    assert other.state == "problem" and f"polars {has} for ==0.1" in other.found
    lock.write_text("surely-not-installed==1\n")
    assert machine.packages(lock).state == "note"
    assert machine.packages(tmp_path / "none").state == "note"


def test_a_companys_old_manifest_is_named_as_its(tmp_path: Path) -> None:
    folder, target = tmp_path / "dbt", tmp_path / "target"
    folder.mkdir()
    target.mkdir()
    (target / "manifest.json").write_text('{"metadata": {"project_name": "acme"}, "nodes": {}}')
    os.utime(target / "manifest.json", (0, 0))
    (folder / "dbt_project.yml").write_text("name: acme\n")
    found = project.manifest(DbtFolder("acme", folder, target, base=tmp_path))
    assert (found.thing, found.state) == ("dbt: acme", "problem") and "older" in found.found
