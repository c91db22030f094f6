"""Bad input to a replay: one clear message, or a quarantined event; never a traceback, never a lost line."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.lake.tables import write_table
from rs_assets.log.writer import LogWriter
from rs_assets_tests.defs import replays
from rs_assets_tests.lakes import put

DATE = "2024-01-03"
LINE = (
    b'{"received_at":"2024-01-03T10:00:00.000000Z","site":"shop","request_id":"r%d","body":'
    b'{"client_id":"c%d","events":[{"name":"page_view","params":{}}]}}\n'
)
ONLY = ("--only", "valid_events", "--only", "quarantined_events")


@pytest.fixture
def place(home) -> Path:
    return home("bad")


def refused(place: Path, *args: str) -> str:
    done = replays.run(place, "replay", *args)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr


def tables(place: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    lake = Lake(str(place / "lake"))
    valid, bad = (pl.read_parquet(lake.object(a, DATE)) for a in ("valid_events", "quarantined_events"))
    return valid, bad


def test_a_raw_log_that_is_not_there_says_how_to_get_one(place):
    assert "rs-assets generate" in refused(place)


def test_an_empty_raw_log_says_so(place):
    (place / "raw").mkdir()
    assert "no closed log date" in refused(place)


def test_a_range_beyond_the_log_says_what_the_log_has(place):
    LogWriter(str(place / "raw")).write("shop", DATE, LINE % (1, 1))
    said = refused(place, "--from", "2023-01-01", "--to", DATE)
    assert DATE in said and "begins" in said


def test_a_segment_that_cannot_be_read_is_named_and_nothing_of_its_date_is_published(place):
    LogWriter(str(place / "raw")).write("shop", DATE, LINE % (1, 1))
    (place / f"raw/site=shop/log_date={DATE}/000002.ndjson").symlink_to(place / "gone")
    assert "000002.ndjson" in refused(place, *ONLY)
    assert Lake(str(place / "lake")).assets() == []


def test_a_segment_cut_inside_its_compression_keeps_every_whole_line_before_the_cut(place):
    lines = b"".join(LINE % (n, n) for n in range(20_000))
    path = Path(LogWriter(str(place / "raw"), "gz").write("shop", DATE, lines))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    replays.replay(place, DATE, DATE, "prod", *ONLY)
    valid, bad = tables(place)
    assert valid.height > 5_000
    assert sorted(bad["reasons"].explode()) == ["LINE_TRUNCATED", "SEGMENT_DAMAGED"]
    assert bad["line"].to_list()[0] == valid.height + 1


def test_a_line_of_50_mb_is_quarantined_whole_and_its_neighbours_are_not(place):
    huge = (LINE % (2, 2)).replace(b'"params":{}', b'"params":{"page_title":"' + b"x" * 50_000_000 + b'"}')
    LogWriter(str(place / "raw")).write("shop", DATE, LINE % (1, 1) + huge + LINE % (3, 3))
    replays.replay(place, DATE, DATE, "prod", *ONLY)
    valid, bad = tables(place)
    assert valid["request_id"].to_list() == ["r1", "r3"]
    assert bad["reasons"].to_list() == [["BODY_TOO_LARGE"]]
    assert bad["raw"].item() == huge.rstrip(b"\n")


def test_a_log_date_without_a_segment_is_replayed_as_an_empty_one(place):
    writer = LogWriter(str(place / "raw"))
    writer.write("shop", "2024-01-02", (LINE % (1, 1)).replace(b"2024-01-03", b"2024-01-02"))
    writer.write("shop", "2024-01-04", (LINE % (2, 2)).replace(b"2024-01-03", b"2024-01-04"))
    replays.replay(place, "2024-01-02", "2024-01-04")
    valid, bad = tables(place)
    assert (valid.height, bad.height) == (0, 0)
    lake = Lake(str(place / "lake"))
    dates = ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert [asset for asset in lake.assets() if lake.log_dates(asset) != dates] == []


def test_rows_that_fail_a_dbt_test_are_not_published_and_what_was_stays(place):
    LogWriter(str(place / "raw")).write("shop", DATE, LINE % (1, 1) + LINE % (2, 2))
    replays.replay(place, DATE, DATE, "prod", *ONLY, "--only", "session_events")
    before = replays.lake_bytes(place)
    valid = Path(Lake(str(place / "lake")).object("valid_events", DATE))
    twice = pl.read_parquet(valid).head(1)
    write_table(pl.concat([twice, twice]), str(valid))  # one event is there twice, and another is lost
    said = refused(place, "--only", "session_events")
    assert "same_rows_as_session_events" in said and "nothing of it was published" in said
    events = f"session_events/log_date={DATE}/part.parquet"
    assert replays.lake_bytes(place)[events] == before[events]
    assert not list((place / "lake" / ".staging").iterdir()), "nothing is left behind"


def test_a_damaged_object_of_another_asset_is_named_with_what_rebuilds_it(place):
    LogWriter(str(place / "raw")).write("shop", DATE, LINE % (1, 1))
    lake = Lake(str(place / "lake"))
    put(lake, "sessions", [DATE], pl.DataFrame({"n": [1]}))
    sessions = Path(lake.object("sessions", DATE))
    sessions.write_bytes(b"PAR1, but for a disk that was full")
    said = replays.replay(place, DATE, DATE, "prod", *ONLY)
    assert "1 published object cannot be read" in said
    assert f"sessions, log date {DATE}: {sessions}\n" in said
    assert f"rs-assets replay --from {DATE} --to {DATE}\n" in said
    assert tables(place)[0].height == 1, "what was asked for is published all the same"


def test_a_log_that_is_not_what_was_sealed_is_not_replayed_and_each_difference_is_named(place):
    writer = LogWriter(str(place / "raw"))
    for number in (1, 2, 3):
        writer.write("shop", DATE, LINE % (number, number))
    assert replays.run(place, "seal").returncode == 0
    folder = place / f"raw/site=shop/log_date={DATE}"
    (folder / "000001.ndjson.zst").unlink()
    (folder / "000002.ndjson.zst").write_bytes(b"short")
    (folder / "000009.ndjson").write_bytes(LINE % (4, 4))
    said = " ".join(refused(place).split())
    assert "The raw log is not what was sealed." in said
    for number, found in (
        ("000001.ndjson.zst", "nothing"),
        ("000002.ndjson.zst", "5 bytes"),
        ("000009.ndjson", "bytes"),
    ):
        assert f"site=shop/log_date={DATE}/{number}: sealed" in said and found in said
    assert Lake(str(place / "lake")).assets() == []
