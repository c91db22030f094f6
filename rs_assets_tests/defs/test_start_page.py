"""The start page is of the moment after the last thing that changed what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from rs_assets.defs import start_page as start_page_module
from rs_assets.defs.start_page import start_page
from rs_assets.settings import Settings

ROOT = Path(__file__).parents[2]


@dg.op
def look() -> None:
    """Any op: what a run did is nothing to the page."""


@dg.op
def fail() -> None:
    raise dg.Failure("it failed")


@dg.job
def a_job() -> None:
    look()


@dg.job
def a_failing_job() -> None:
    fail()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, the only one that the environment tells of."""
    for name in [name for name in os.environ if name.startswith("RS_") or name == "DAGSTER_HOME"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def settings(place: Path, **more: str) -> Settings:
    return Settings.from_env({"RS_HOME": str(place), **more})


def tick(
    given: Settings, on: dg.DagsterInstance, cursor: str | None = None
) -> dg.SensorResult | dg.SkipReason:
    """One tick of the sensor."""
    with dg.build_sensor_context(instance=on, cursor=cursor) as context:
        said = start_page(given)(context)
    assert isinstance(said, (dg.SensorResult, dg.SkipReason))
    return said


@pytest.mark.parametrize("job", [a_job, a_failing_job])
def test_it_is_written_once_for_all_runs_that_have_ended_whether_or_not_they_succeeded(place, job):
    given, page = settings(place), place / "pages" / "prod" / "index.html"
    with dg.instance_for_test() as on:
        assert isinstance(tick(given, on), dg.SkipReason) and not page.exists(), "no run, no page"
        job.execute_in_process(instance=on, raise_on_error=False)
        job.execute_in_process(instance=on, raise_on_error=False)
        tick(given, on)
        assert "Next: <code>rs-assets generate</code>" in page.read_text()
        written = page.stat().st_mtime_ns
        tick(given, on)
        assert page.stat().st_mtime_ns == written, "nothing has ended since"
        job.execute_in_process(instance=on, raise_on_error=False)
        tick(given, on)
        assert page.stat().st_mtime_ns > written


def test_each_environment_has_its_own(place):
    with dg.instance_for_test() as on:
        a_job.execute_in_process(instance=on)
        tick(settings(place, RS_ENVIRONMENT="dev-anna"), on)
    assert "rs_assets: dev-anna" in (place / "pages" / "dev-anna" / "index.html").read_text()
    assert not (place / "pages" / "prod").exists()


def test_where_it_cannot_be_written_the_tick_says_so_once_and_succeeds(place):
    (place / "pages").write_text("in the way")
    with dg.instance_for_test() as on:
        a_job.execute_in_process(instance=on)
        said = tick(settings(place), on)
        assert isinstance(said, dg.SensorResult) and said.skip_reason
        assert said.skip_reason.skip_message == "It could not be written."
        again = tick(settings(place), on, said.cursor)
        assert isinstance(again, dg.SkipReason), "it is not tried each minute"


def test_on_a_machine_that_is_too_busy_the_next_tick_tries_again(place, monkeypatch):
    with dg.instance_for_test() as on:
        a_job.execute_in_process(instance=on)
        monkeypatch.setattr(start_page_module, "PATIENCE", 0.001)
        assert isinstance(tick(settings(place), on), dg.SkipReason), "no cursor: it is not given up"
        monkeypatch.setattr(start_page_module, "PATIENCE", 45)
        tick(settings(place), on)
    assert (place / "pages" / "prod" / "index.html").exists()


@pytest.mark.parametrize(("executor", "status"), [("multiprocess", "RUNNING"), ("docker", "STOPPED")])
def test_it_is_on_where_a_person_opens_the_home(place, executor, status):
    assert start_page(settings(place, RS_EXECUTOR=executor)).default_status.value == status


def replay(home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "RS_HOME": str(home), "RS_EXECUTOR": "in_process"}
    command = [sys.executable, "-m", "rs_assets.cli", "replay", *args]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=home)


def test_a_replay_writes_it_anew_says_what_is_still_stale_and_does_not_fail_of_it(place):
    command = [sys.executable, "-m", "rs_assets.cli", "generate", "--days", "2", "--events", "600"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "RS_HOME": str(place)})
    page = place / "pages" / "prod" / "index.html"

    done = replay(place, "--to", "2024-01-01", "--only", "valid_events", "--only", "quarantined_events")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Start page: pages/prod/index.html\n")
    one = page.read_text()
    assert "valid_events (2024-01-02): it is not published" in one
    assert "Next: <code>rs-assets replay --from 2024-01-02 --to 2024-01-02</code>" in one

    done = replay(place)
    assert done.returncode == 0, done.stdout + done.stderr
    both = page.read_text()
    assert "Every closed log date of the raw log is published." in both
    assert '<th scope="row">stale</th><td>nothing</td>' in both

    page.unlink()
    page.mkdir()
    done = replay(place, "--stale")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The start page is not renewed" in done.stderr and "Start page" not in done.stdout
