"""The job that seals by the clock, through Dagster and the command line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from rs_assets.log import RawLog
from rs_assets.log.generator import Plan, generate
from rs_assets.log.seals import verify


def _run(place: Path) -> dg.ExecuteInProcessResult:
    from rs_assets.definitions import build_defs

    return build_defs().resolve_job_def("seal_job").execute_in_process(raise_on_error=False)


def test_the_job_seals_what_is_closed_and_fails_where_a_journal_is_in_the_way(home) -> None:
    place = home()
    generate(Plan(days=3, events=300), str(place / "raw"), str(place / "truth.csv"))
    log = RawLog(str(place / "raw"))
    journal = (
        place
        / "raw"
        / "_collecting"
        / f"{log.log_dates()[2].replace('-', '')}T000000000000-0123456789ab.journal"
    )
    journal.parent.mkdir()
    journal.write_bytes(b"")
    waits = _run(place)
    assert not waits.success
    (failed,) = waits.get_step_failure_events()
    assert journal.name in failed.step_failure_data.error_display_string
    today = dt.date(2030, 1, 1)
    assert list(verify(log, today).seals) == log.log_dates()[:2]
    journal.unlink()
    assert _run(place).success
    assert list(verify(RawLog(log.root), today).seals) == log.log_dates()


def test_it_seals_in_the_runs_own_process_whoever_runs_the_steps_of_assets(
    home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home()
    monkeypatch.setenv("RS_EXECUTOR", "docker")
    from rs_assets.definitions import build_defs

    defs = build_defs()
    assert defs.resolve_job_def("seal_job").executor_def.name == "in_process"
    assert defs.resolve_job_def("daily_job").executor_def.name == "docker"


def test_nobody_gets_a_seal_unasked(home) -> None:
    home()
    from rs_assets.definitions import build_defs

    (seal,) = [one for one in build_defs().get_repository_def().schedule_defs if one.name == "seal"]
    assert seal.default_status == dg.DefaultScheduleStatus.STOPPED
