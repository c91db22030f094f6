from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from rs_assets.cli.generate import FromPlan, generate
from rs_assets.log import RawLog
from rs_assets.log.generator import FAULTS, Plan

Call = Callable[..., Result]

SMALL = ("generate", "--days", 2, "--events", 600, "--site", "one", "--site", "two")


def test_it_writes_the_log_that_it_reports(call_json: Callable[..., Any], tmp_path: Path) -> None:
    found = call_json(*SMALL, "--json", home=tmp_path)
    log = RawLog(str(tmp_path / "raw"))
    assert log.sites() == found["sites"] == ["one", "two"]
    assert (
        log.log_dates() == [found["first_log_date"], found["last_log_date"]] == ["2024-01-01", "2024-01-02"]
    )
    segments = [segment for log_date in log.log_dates() for segment in log.segments(log_date)]
    assert (found["segments"], found["bytes"]) == (len(segments), sum(segment.size for segment in segments))
    assert 500 < found["events"] < 700 and found["requests"] <= found["events"]
    assert sum(found["by_reason"].values()) == found["broken"] > 0
    assert found["raw_log"] == str(tmp_path / "raw")
    assert Path(found["truth"]).read_text().count("\n") == found["broken"] + 1


def test_the_page_says_what_was_written_and_what_comes_next(call: Call) -> None:
    result = call(*SMALL, "--faults", "DUPLICATE, TS_FUTURE", "--broken", 0.1)
    assert result.exit_code == 0
    assert ".rs/raw" in result.stdout and ".rs/truth.csv" in result.stdout
    assert "2024-01-01 to 2024-01-02" in result.stdout
    assert "DUPLICATE" in result.stdout and "TYPE_MISMATCH" not in result.stdout
    assert "Next: rs-assets replay" in result.stdout


def test_every_field_of_the_plan_is_an_option_with_the_plans_own_default(call: Call) -> None:
    fields = {field.name for field in dataclasses.fields(Plan)}
    options = set(inspect.signature(generate).parameters)
    assert fields - {"sites"} <= options and "site" in options
    assert FromPlan("sites")() == list(Plan().sites)
    help_text = " ".join(call("generate", "--help", COLUMNS="200").stdout.split())
    for field in sorted(fields - {"faults"}):
        assert f"[default: {FromPlan(field)}]" in help_text


def test_all_faults_are_planted_unless_some_are_named(call_json: Callable[..., Any], tmp_path: Path) -> None:
    found = call_json("generate", "--days", 1, "--events", 3000, "--json", home=tmp_path)
    assert sorted(found["by_reason"]) == sorted(FAULTS)


def test_the_same_call_writes_the_same_bytes(call: Call, tmp_path: Path) -> None:
    for name in ("a", "b"):
        call(
            *SMALL,
            "--seed",
            3,
            "--codec",
            "none",
            "--raw-log",
            tmp_path / name,
            "--truth",
            tmp_path / "t.csv",
        )
    trees = [
        {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*.ndjson"))}
        for root in (tmp_path / "a", tmp_path / "b")
    ]
    assert trees[0] == trees[1] and len(trees[0]) == 4


def test_a_log_that_is_there_is_not_written_over(call: Call) -> None:
    call(*SMALL)
    result = call(*SMALL)
    assert result.exit_code == 1
    assert "already holds site=one/log_date=2024-01-01" in result.stderr
    assert "never overwritten" in result.stderr.splitlines()[1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--days", 0], "A log of 0 days is not one."),
        (["--broken", 2], "broken=2.0 is not a share."),
        (["--site", "a/b"], "'a/b' cannot name a site."),
        (["--faults", "NOPE"], "There is no fault NOPE."),
        (["--start", "2024-02-30"], "'2024-02-30' is no log date"),
        (["--start", "20240101"], "'20240101' is no log date"),
        (["--codec", "lz4"], "'lz4' is not one of"),
    ],
)
def test_a_senseless_plan_is_a_wrong_call_and_writes_nothing(
    call: Call, options: list[object], says: str
) -> None:
    result = call("generate", *options)
    assert result.exit_code == 2
    assert says in " ".join(result.output.replace("│", " ").split())
    assert not Path(".rs").exists()


def test_nothing_is_generated_onto_a_sealed_log_date_of_any_site(call: Call, tmp_path: Path) -> None:
    call(*SMALL, home=tmp_path)
    assert call("seal", home=tmp_path).exit_code == 0
    before = sorted(tmp_path.rglob("*"))
    result = call(*SMALL, "--site", "other", "--start", "2023-12-31", home=tmp_path)
    assert result.exit_code == 1
    assert "Log date 2024-01-01 is sealed" in result.stderr and "--start" in result.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert call(*SMALL, "--site", "other", "--start", "2024-01-05", home=tmp_path).exit_code == 0
