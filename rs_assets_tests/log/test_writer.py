"""Writing segments: numbered, whole, never over one that is there."""

from __future__ import annotations

import datetime as dt
import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard

from rs_assets.errors import UserError
from rs_assets.log.blocks import read_batches
from rs_assets.log.seals import verify
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets.log.writer import LogWriter

DATA = b'{"a":1}\n{"b":2}\n'


@pytest.mark.parametrize("codec", ["none", "gz", "zst"])
def test_what_is_written_is_read(tmp_path: Path, codec: str) -> None:
    writer = LogWriter(str(tmp_path), codec)
    writer.write("shop-a", "2024-01-02", DATA)
    [batch] = read_batches(writer.log, "2024-01-02")
    assert batch.lines == DATA.splitlines()
    assert [segment.codec for segment in batch.segments] == [codec]


def test_segments_are_numbered_by_site_and_log_date(tmp_path: Path) -> None:
    writer = LogWriter(str(tmp_path))
    for site, date in [("a", "2024-01-01"), ("a", "2024-01-01"), ("a", "2024-01-02"), ("b", "2024-01-01")]:
        writer.write(site, date, DATA)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.zst")) == [
        "site=a/log_date=2024-01-01/000001.ndjson.zst",
        "site=a/log_date=2024-01-01/000002.ndjson.zst",
        "site=a/log_date=2024-01-02/000001.ndjson.zst",
        "site=b/log_date=2024-01-01/000001.ndjson.zst",
    ]


def test_a_segment_that_is_there_is_never_touched_whatever_its_codec(tmp_path: Path) -> None:
    first = Path(LogWriter(str(tmp_path), "gz").write("a", "2024-01-01", DATA))
    before = first.read_bytes(), first.stat().st_mtime_ns
    second = LogWriter(str(tmp_path), "none").write("a", "2024-01-01", b"{}\n")
    assert second.endswith("/000002.ndjson")
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    for codec in ("gz", "zst"):
        paths = [LogWriter(str(tmp_path / run), codec).write("a", "2024-01-01", DATA) for run in "12"]
        assert Path(paths[0]).read_bytes() == Path(paths[1]).read_bytes()


def test_other_readers_read_it_and_zstandard_checks_it(tmp_path: Path) -> None:
    assert (
        gzip.decompress(Path(LogWriter(str(tmp_path), "gz").write("a", "2024-01-01", DATA)).read_bytes())
        == DATA
    )
    data = Path(LogWriter(str(tmp_path), "zst").write("a", "2024-01-01", DATA)).read_bytes()
    assert zstandard.ZstdDecompressor().decompress(data) == DATA
    assert zstandard.get_frame_parameters(data).has_checksum


def test_a_write_that_fails_leaves_no_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LogWriter(str(tmp_path))

    def fail(data: bytes) -> bytes:
        raise MemoryError

    monkeypatch.setattr(writer, "_encode", fail)
    with pytest.raises(MemoryError):
        writer.write("a", "2024-01-01", DATA)
    assert writer.log.segments("2024-01-01") == []
    monkeypatch.undo()
    writer.write("a", "2024-01-01", DATA)
    assert len(writer.log.segments("2024-01-01")) == 1


@pytest.mark.parametrize(
    ("site", "log_date"),
    [("", "2024-01-01"), ("..", "2024-01-01"), ("a/b", "2024-01-01"), ("a b", "2024-01-01"),
     ("-a", "2024-01-01"), ("é", "2024-01-01"), ("a" * 64, "2024-01-01"), ("a\n", "2024-01-01"),
     ("a", "2024-1-1"), ("a", "../2024-01-01"), ("a", "")],
)  # fmt: skip
def test_what_cannot_name_a_folder_is_refused_and_nothing_is_written(
    tmp_path: Path, site: str, log_date: str
) -> None:
    with pytest.raises(UserError, match="cannot name a folder of the log"):
        LogWriter(str(tmp_path)).write(site, log_date, DATA)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_codec_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no codec 'lz4'") as error:
        LogWriter(str(tmp_path), "lz4")
    assert error.value.hint == "Choose one of none, gz, zst."


def test_nothing_is_added_to_a_sealed_log_date_and_an_open_one_takes_more(tmp_path: Path) -> None:
    writer = LogWriter(str(tmp_path))
    writer.write("a", "2024-01-01", DATA)
    seal_log_dates(writer.log, dt.date(2024, 1, 5))
    before = sorted(tmp_path.rglob("*"))
    for site in ("a", "new"):
        with pytest.raises(UserError, match="Log date 2024-01-01 is sealed") as error:
            writer.write(site, "2024-01-01", DATA)
        assert "the log date that received it" in error.value.hint
    assert sorted(tmp_path.rglob("*")) == before, "not even a folder"
    writer.write("a", "2024-01-02", DATA)
    assert [segment.name for segment in writer.log.segments("2024-01-02")] == ["000001.ndjson.zst"]


def test_what_will_write_to_several_log_dates_learns_of_seals_before_the_first(tmp_path: Path) -> None:
    writer = LogWriter(str(tmp_path))
    for log_date in ("2024-01-02", "2024-01-04"):
        writer.write("a", log_date, DATA)
    seal_log_dates(writer.log, dt.date(2024, 1, 6))
    writer.require_open(["2024-01-01", "2024-01-05"])
    with pytest.raises(UserError, match="Log date 2024-01-02 is sealed: nothing"):
        writer.require_open(["2024-01-01", "2024-01-02"])
    with pytest.raises(UserError, match="Log date 2024-01-02 is sealed, and so are 2 others of those"):
        writer.require_open([f"2024-01-0{day}" for day in range(1, 6)])


def test_who_writes_at_the_same_time_gets_the_next_number_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = LogWriter(str(tmp_path), "none")
    monkeypatch.setattr(writer.log.files, "inside", lambda folder: [])  # listed before the other one wrote
    assert [writer.write("a", "2024-01-01", line)[-13:] for line in (b"1\n", b"2\n", b"3\n")] == [
        "000001.ndjson",
        "000002.ndjson",
        "000003.ndjson",
    ]
    monkeypatch.undo()
    assert [Path(s.path).read_bytes() for s in writer.log.segments("2024-01-01")] == [b"1\n", b"2\n", b"3\n"]
    assert len(list(tmp_path.rglob("*.ndjson*"))) == 3, "nothing temporary is left"


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    def write(number: int) -> str:
        return LogWriter(str(tmp_path), "none").write("a", "2024-01-01", b"%d\n" % number)

    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(write, range(80)))
    assert len(set(paths)) == 80
    assert sorted(int(Path(path).read_bytes()) for path in paths) == list(range(80))


def test_a_segment_is_withdrawn_with_its_empty_folder_but_not_from_under_a_seal(tmp_path: Path) -> None:
    writer = LogWriter(str(tmp_path))
    kept = writer.write("a", "2024-01-01", DATA)
    gone = [writer.write("a", "2024-01-02", DATA) for _ in range(2)]
    seal_log_dates(writer.log, dt.date(2024, 1, 2))
    for path in [kept, *gone]:
        writer.withdraw(path)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("log_date=*"))
    assert left == [
        "_seals/log_date=2024-01-01.json",
        "site=a/log_date=2024-01-01",
    ]
    assert verify(writer.log, dt.date(2024, 1, 2)).broken == []


def test_a_disk_that_refuses_is_told_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "site=a").write_bytes(b"a file where a folder should be")
    with pytest.raises(UserError, match="No segment can be written to site=a/log_date=2024-01-01: "):
        LogWriter(str(tmp_path)).write("a", "2024-01-01", DATA)
