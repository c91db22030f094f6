"""The raw log on an object store, asked over HTTP: what is written, listed, sealed and split there."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import fsspec
import orjson
import pytest
from typer.testing import CliRunner, Result

from rs_assets.cli import app
from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log.blocks import read_batches
from rs_assets.log.seals import data_versions, nothing, verify
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets.log.whole import create
from rs_assets.log.writer import LogWriter
from rs_assets_tests.defs import replays
from rs_assets_tests.logs import split
from rs_assets_tests.s3 import Store

TODAY = dt.date(2024, 3, 1)
DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
DATA = b'{"a":1}\n{"b":2}\n'
TAOBAO = """1,100,2520,pv,1511544070
2,101,2520,buy,1511544080
2,101,2520,nonsense
3,102,2521,cart,1511640070
"""


@pytest.fixture
def root(s3: Store) -> str:
    return s3.bucket()


def call(root: str, home: Path, *args: str) -> Result:
    """The command line in this process."""
    done = CliRunner().invoke(app, args, env={"RS_HOME": str(home), "RS_RAW_LOG": root, "COLUMNS": "120"})
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done


def run(root: str, home: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return replays.run(home, *args, RS_RAW_LOG=root, **env)


def json_of(root: str, home: Path, *args: str, code: int = 0) -> Any:
    done = call(root, home, *args, "--json")
    assert done.exit_code == code, done.output
    return orjson.loads(done.stdout)


def keys(root: str) -> list[str]:
    fs, path = fsspec.url_to_fs(root)
    fs.invalidate_cache()
    return [key.removeprefix(f"{path}/") for key in fs.find(path)]


def copied(root: str, to: Path) -> RawLog:
    """The same log on the disk."""
    fs, path = fsspec.url_to_fs(root)
    fs.get(f"{path}/", f"{to}/", recursive=True)
    return RawLog(str(to))


def test_commands_write_seal_verify_and_show_a_log(root: str, tmp_path: Path) -> None:
    small = ("--days", "3", "--events", "900", "--site", "shop-a", "--site", "shop-b")
    made = json_of(root, tmp_path, "generate", *small)
    assert (made["raw_log"], made["segments"]) == (root, 6)
    assert json_of(root, tmp_path, "status")["seals"]["head"] is None
    sealed = json_of(root, tmp_path, "seal")
    assert [seal["log_date"] for seal in sealed["sealed"]] == DATES
    assert len(keys(root)) == 9
    found = json_of(root, tmp_path, "verify")
    assert (found["holds"], found["segments_read"], found["head"]) == (True, 6, sealed["head"])
    status = json_of(root, tmp_path, "status")
    shown, seals = status["raw_log"], status["seals"]
    assert (shown["place"], shown["sites"], shown["log_dates"]) == (root, ["shop-a", "shop-b"], 3)
    assert shown["bytes"] == made["bytes"]
    assert (seals["last_log_date"], seals["broken"]) == ("2024-01-03", [])
    assert seals["head"] == sealed["head"]["digest"]
    page = call(root, tmp_path, "status").stdout
    assert "3 log dates, 2024-01-01 to 2024-01-03" in page and f"head {seals['head']}" in page
    again = call(root, tmp_path, "generate", *small, "--start", "2024-01-03", "--site", "other")
    assert again.exit_code == 1 and "Log date 2024-01-03 is sealed" in again.stderr

    fs, path = fsspec.url_to_fs(root)
    fs.pipe_file(f"{path}/site=shop-a/log_date=2024-01-02/000001.ndjson.zst", b"changed")
    fs.rm_file(f"{path}/site=shop-b/log_date=2024-01-02/000001.ndjson.zst")
    fs.pipe_file(f"{path}/site=shop-b/log_date=2024-01-02/000007.ndjson", b"{}\n")
    broken = json_of(root, tmp_path, "verify", code=1)["broken"]
    assert [(one["kind"], one["place"]) for one in broken] == [
        ("segment_added", "site=shop-b/log_date=2024-01-02/000007.ndjson"),
        ("segment_changed", "site=shop-a/log_date=2024-01-02/000001.ndjson.zst"),
        ("segment_missing", "site=shop-b/log_date=2024-01-02/000001.ndjson.zst"),
    ]
    assert len(json_of(root, tmp_path, "status")["seals"]["broken"]) == 3
    refused = call(root, tmp_path, "replay")
    assert refused.exit_code == 1
    assert all(one["place"] in refused.stderr for one in broken)


def test_an_import_is_whole_or_nothing(root: str, tmp_path: Path) -> None:
    source = tmp_path / "UserBehavior.csv"
    source.write_text(TAOBAO)
    found = json_of(root, tmp_path, "import", "taobao", str(source))
    assert (found["requests"], found["segments"]) == (4, 2)
    assert RawLog(root).log_dates() == ["2017-11-24", "2017-11-25"]
    assert call(root, tmp_path, "import", "taobao", str(source)).exit_code == 1
    writer = LogWriter(root)
    paths = [writer.write("mine", date, DATA) for date in ("2017-11-24", "2017-11-26")]
    seal_log_dates(RawLog(root), TODAY, last=dt.date(2017, 11, 24))
    for path in paths:
        writer.withdraw(path)
    assert [key for key in keys(root) if "mine" in key] == [
        "site=mine/log_date=2017-11-24/000001.ndjson.zst"
    ], "one lies under a seal by now"


def test_seals_and_data_versions_are_those_of_the_same_bytes_on_a_disk(root: str, tmp_path: Path) -> None:
    for number, log_date in enumerate(DATES * 2):
        LogWriter(root, ("zst", "gz", "none")[number % 3]).write("shop-a", log_date, DATA * (number + 1))
    local = copied(root, tmp_path / "raw")
    before = data_versions(RawLog(root), DATES, TODAY)
    assert before == data_versions(local, DATES, TODAY)
    there, here = seal_log_dates(RawLog(root), TODAY), seal_log_dates(local, TODAY)
    assert (there.head, there.seals) == (here.head, here.seals)
    assert data_versions(RawLog(root), DATES, TODAY) == before
    assert verify(RawLog(root), TODAY).broken == []


def test_a_log_date_is_split_to_the_same_bytes_as_from_a_disk(root: str, tmp_path: Path) -> None:
    made = call(root, tmp_path, "generate", "--days", "2", "--events", "3000", "--broken", "0.3")
    assert made.exit_code == 0, made.stderr
    writer = LogWriter(root, "none")
    writer.write("cut", DATES[0], b'{"half": ')
    fs, path = fsspec.url_to_fs(root)
    segment = f"{path}/site=shop-a/log_date={DATES[0]}/000001.ndjson.zst"
    fs.pipe_file(f"{path}/site=cut/log_date={DATES[0]}/000002.ndjson.zst", fs.cat_file(segment)[:-60])
    local = copied(root, tmp_path / "copy")
    for log_date in DATES[:2]:
        there, here = split(RawLog(root), log_date), split(local, log_date)
        assert there.files == here.files
        assert there.report == here.report
    assert here.valid.height > 500 and here.quarantined.height > 50


def test_a_segment_is_put_in_one_request_that_refuses_to_replace(root: str, s3: Store) -> None:
    writer = LogWriter(root)
    with s3.noting() as asked:
        path = writer.write("a", DATES[0], DATA)
    [put] = [one for one in asked if one.method not in ("GET", "HEAD")]
    assert (put.method, put.path, put.if_none_match) == ("PUT", f"/{path}", "*")
    assert not any("tmp" in one.path for one in asked)
    with pytest.raises(FileExistsError):
        create(writer.fs, path, b"other")
    [batch] = read_batches(writer.log, DATES[0])
    assert batch.lines == DATA.splitlines()


def test_a_reader_never_sees_half_a_segment_while_others_are_written(root: str) -> None:
    lines = [b'{"%d":"%s"}\n' % (n, os.urandom(20_000).hex().encode()) for n in range(12)]
    done, seen, halves = threading.Event(), set[str](), list[str]()

    def read() -> None:
        while not done.is_set():
            for segment in RawLog(root).segments(DATES[0]):
                with RawLog(root).reading(segment) as file:
                    if file.read() not in lines:
                        halves.append(segment.place)
                seen.add(segment.place)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for line in lines:
            LogWriter(root, "none").write("a", DATES[0], line)
    finally:
        done.set()
        reader.join()
    assert halves == [] and seen
    assert len(RawLog(root).segments(DATES[0])) == len(lines)


def test_a_segment_that_is_put_in_parts_is_not_there_before_the_last(root: str, s3: Store) -> None:
    writer = LogWriter(root, "none")
    with s3.noting() as asked:
        path = writer.write("a", DATES[0], b"x" * (101 << 20))
    parts = [one for one in asked if one.method == "PUT"]
    assert len(parts) > 1 and all("partNumber" in one.query for one in parts)
    [done] = [one for one in asked if one.method == "POST" and "uploadId" in one.query]
    assert done.if_none_match == "*"
    with pytest.raises(FileExistsError):
        create(writer.fs, path, b"y" * (101 << 20))
    assert [segment.size for segment in RawLog(root).segments(DATES[0])] == [101 << 20]


def test_what_another_process_wrote_is_seen_at_once(root: str, tmp_path: Path) -> None:
    log, writer = RawLog(root), LogWriter(root)
    writer.write("a", DATES[0], DATA)
    assert len(log.segments(DATES[0])) == 1
    made = run(root, tmp_path, "generate", "--days", "1", "--events", "100", "--site", "b")
    assert made.returncode == 0, made.stderr
    assert verify(log, TODAY, choice=nothing).unsealed == DATES[:1]
    assert [segment.site for segment in RawLog(root).segments(DATES[0])] == ["a", "b"]
    assert run(root, tmp_path, "seal").returncode == 0
    with pytest.raises(UserError, match="is sealed"):
        writer.write("a", DATES[0], DATA)


def test_a_long_log_is_listed_in_a_few_requests(root: str, s3: Store) -> None:
    writer = LogWriter(root)
    dates = [str(dt.date(2024, 1, 1) + dt.timedelta(days=n)) for n in range(40)]
    for log_date in dates:
        writer.write("a", log_date, DATA)
    seal_log_dates(RawLog(root), TODAY)
    with s3.noting() as asked:
        assert verify(RawLog(root), TODAY, choice=nothing).segments == 40
    assert len([one for one in asked if one.lists]) < 8


def test_what_storage_refuses_is_told_in_words(s3: Store, tmp_path: Path) -> None:
    nowhere = "s3://no-such-bucket/raw"
    done = run(nowhere, tmp_path, "generate", "--days", "1", "--events", "100")
    assert done.returncode == 1 and "No segment can be written to site=" in done.stderr
    assert "The specified bucket does not exist" in done.stderr and "Traceback" not in done.stderr
    assert not fsspec.filesystem("s3").exists("no-such-bucket"), "a name that was mistyped makes no bucket"
    done = run(nowhere, tmp_path, "verify")
    assert done.returncode == 1 and f"There is no raw log at {nowhere}." in done.stderr


NO_ONE = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
NOBODY_THERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}


@pytest.mark.parametrize(
    ("command", "env"),
    [(command, NO_ONE) for command in ("verify", "seal", "status", "replay", "generate")]
    + [("verify", NOBODY_THERE), ("generate", NOBODY_THERE)],
)
def test_a_store_that_does_not_answer_is_told_in_words(
    root: str, tmp_path: Path, command: str, env: dict[str, str]
) -> None:
    done = run(root, tmp_path, command, **env)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"The raw log at {root} cannot be listed: " in done.stderr
    assert "AWS_ENDPOINT_URL" in done.stderr
