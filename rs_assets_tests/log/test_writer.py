"""Writing segments: numbered, whole, never over one that is there."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pytest
import zstandard

from rs_assets.errors import UserError
from rs_assets.log.blocks import read_batches
from rs_assets.log.seals import seal_log_dates
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
