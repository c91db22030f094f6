"""Receipts: equal for equal replays, and held to the bytes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.lineage import Lineage, reading
from rs_assets.log import RawLog
from rs_assets.log.digests import log_date_digest
from rs_assets.log.writer import LogWriter
from rs_assets.replay.receipt import Receipt, check, load, packages, receipt
from rs_assets_tests.lakes import put

DATES = ["2024-01-01", "2024-01-02"]
READS = {"a": reading("raw_events"), "b": reading("a")}
CODE = {"a": "1", "b": "2"}


@pytest.fixture
def log(tmp_path: Path) -> RawLog:
    root = str(tmp_path / "raw")
    for log_date in DATES:
        LogWriter(root).write("shop", log_date, b'{"n": 1}\n')
    return RawLog(root)


def versions(log: RawLog) -> dict[str, str]:
    return {log_date: log_date_digest(log, log_date) for log_date in log.log_dates()}


def replayed(root: Path, log: RawLog, *ranges: list[str], n: int = 1) -> Lake:
    lake = Lake(str(root))
    for dates in ranges:
        for asset in READS:
            of = Lineage(CODE, READS, lambda dates: versions(log))
            put(lake, asset, dates, pl.DataFrame({"n": [n]}), of)
    return lake


def test_chunks_make_no_difference_and_another_result_does(tmp_path: Path, log: RawLog) -> None:
    one = receipt(replayed(tmp_path / "one", log, DATES), versions(log), None)
    apart = receipt(replayed(tmp_path / "two", log, DATES[1:], DATES[:1]), versions(log), None)
    other = receipt(replayed(tmp_path / "three", log, DATES, n=2), versions(log), None)
    assert one == apart and one.digest == apart.digest
    assert one.digest != other.digest
    assert one.outputs["a"].keys() == set(DATES) and one.code == {"a": ["1"], "b": ["2"]}


def test_a_receipt_is_what_it_was_when_it_is_read_again(tmp_path: Path, log: RawLog) -> None:
    made = receipt(replayed(tmp_path / "one", log, DATES), versions(log), "head")
    path = tmp_path / "receipt.json"
    path.write_text(made.to_json())
    assert load(str(path)) == made
    path.write_text(made.to_json().replace('"head"', '"hand"'))
    with pytest.raises(UserError, match="is no receipt"):
        load(str(path))
    path.write_text(made.to_json().replace(made.log[DATES[0]], "0" * 64))
    with pytest.raises(UserError, match="was changed"):
        load(str(path))
    with pytest.raises(UserError, match="There is no receipt at"):
        load(str(tmp_path / "none"))


def found(made: Receipt, lake: Lake, log: RawLog, code: dict[str, str] = CODE) -> list[str]:
    return list(check(made, lake, log, code))


def test_everything_that_is_no_longer_so_is_named(tmp_path: Path, log: RawLog) -> None:
    lake = replayed(tmp_path / "one", log, DATES)
    made = receipt(lake, versions(log), None)
    assert found(made, lake, log) == []
    LogWriter(log.root).write("shop", DATES[1], b'{"n": 2}\n')
    Path(lake.object("b", DATES[0])).write_bytes(b"flipped")
    put(lake, "a", DATES[1:], pl.DataFrame({"n": [3]}))
    assert found(made, lake, log, {"a": "1", "b": "3"}) == [
        "b of log date 2024-01-01 is damaged: its bytes are not those that were written.",
        "raw_events of log date 2024-01-02 is not what was replayed.",
        "a of log date 2024-01-02 is another object.",
        "b: its code has changed since (2; now 3).",
    ]


def test_what_is_gone_is_named(tmp_path: Path, log: RawLog) -> None:
    made = receipt(replayed(tmp_path / "one", log, DATES), versions(log), None)
    problems = found(made, Lake(str(tmp_path / "none")), RawLog(str(tmp_path / "no-log")))
    assert problems[:2] == [
        "raw_events of log date 2024-01-01 is not what was replayed.",
        "a of log date 2024-01-01 is not published.",
    ]


def test_another_package_is_named(tmp_path: Path, log: RawLog) -> None:
    lake = replayed(tmp_path / "one", log, DATES)
    made = receipt(lake, versions(log), None)
    older = Receipt(made.log, made.head, made.code, {**packages(), "polars": "0.1"}, made.outputs)
    assert found(older, lake, log) == [f"polars was 0.1 and is {packages()['polars']}."]


def test_a_receipt_names_no_place_and_no_time(tmp_path: Path, log: RawLog) -> None:
    made = receipt(replayed(tmp_path / "one", log, DATES), versions(log), None)
    assert str(tmp_path) not in made.to_json()
    assert json.loads(made.to_json()).keys() == {"log", "head", "code", "packages", "outputs", "digest"}
