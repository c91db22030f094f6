"""Listing the raw log: what is a segment, in which order, and what is passed over."""

from __future__ import annotations

import tempfile
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log.layout import is_date
from rs_assets_tests.logs import write_log


def test_segments_come_by_site_and_then_by_name(tmp_path: Path) -> None:
    names = ["000002.ndjson", "000010.ndjson.gz", "000001.ndjson.zst"]
    log = write_log(tmp_path, {(site, name): b"x" * 3 for site in ("shop-b", "shop-a") for name in names})
    assert [(s.site, s.name) for s in log.segments("2024-01-02")] == [
        (site, name) for site in ("shop-a", "shop-b") for name in sorted(names)
    ]
    first = log.segments("2024-01-02")[0]
    assert first.place == "site=shop-a/log_date=2024-01-02/000001.ndjson.zst"
    assert (first.log_date, first.size) == ("2024-01-02", 3)
    assert Path(first.path).read_bytes() == b"xxx"


@pytest.mark.parametrize(
    ("name", "codec"), [("1.ndjson", "none"), ("1.ndjson.gz", "gz"), ("1.ndjson.zst", "zst")]
)
def test_the_ending_tells_the_codec(tmp_path: Path, name: str, codec: str) -> None:
    [segment] = write_log(tmp_path, {("shop-a", name): b""}).segments("2024-01-02")
    assert segment.codec == codec


def test_files_of_other_endings_are_no_segments(tmp_path: Path) -> None:
    names = ["1.ndjson.zst.tmp", "1.json", "1.ndjson.bz2", "notes", ".ndjson~", "1.parquet", "2.ndjson"]
    log = write_log(tmp_path, {("shop-a", name): b"" for name in names})
    assert [s.name for s in log.segments("2024-01-02")] == ["2.ndjson"]


def test_log_dates_are_those_of_every_site_and_only_dates(tmp_path: Path) -> None:
    write_log(tmp_path, {("shop-a", "1.ndjson"): b""}, "2024-01-03")
    write_log(tmp_path, {("shop-b", "1.ndjson"): b""}, "2024-01-01")
    log = write_log(tmp_path, {("shop-b", "1.ndjson"): b""}, "2024-01-03")
    for other in ("2024-1-4", "20240105", "latest", "2024-02-30"):
        (tmp_path / "site=shop-a" / f"log_date={other}").mkdir()
    (tmp_path / "site=shop-a" / "2024-01-09").mkdir()
    (tmp_path / "shop-c" / "log_date=2024-01-08").mkdir(parents=True)
    assert log.log_dates() == ["2024-01-01", "2024-01-03"]
    assert log.sites() == ["shop-a", "shop-b"]


def test_a_log_date_without_a_folder_has_no_segments(tmp_path: Path) -> None:
    log = write_log(tmp_path, {("shop-a", "1.ndjson"): b""})
    assert log.segments("2024-01-09") == []


def test_a_missing_log_is_empty_to_list_and_an_error_to_require(tmp_path: Path) -> None:
    log = RawLog(str(tmp_path / "nowhere"))
    assert (log.sites(), log.log_dates(), log.segments("2024-01-02")) == ([], [], [])
    with pytest.raises(UserError, match="There is no raw log at") as error:
        log.require()
    assert str(tmp_path / "nowhere") in error.value.what
    assert "RS_RAW_LOG" in error.value.hint


def test_a_log_that_is_there_is_not_required_to_hold_anything(tmp_path: Path) -> None:
    RawLog(str(tmp_path)).require()


def test_a_log_lies_on_any_file_system_of_fsspec() -> None:
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/test-layout/raw/site=shop-a/log_date=2024-01-02/1.ndjson.gz", b"abc")
    log = RawLog("memory://test-layout/raw/")
    try:
        assert log.log_dates() == ["2024-01-02"]
        [segment] = log.segments("2024-01-02")
        assert (segment.codec, segment.size) == ("gz", 3)
        with log.reading(segment) as file:
            assert file.read() == b"abc"
    finally:
        fs.rm("/test-layout", recursive=True)


@pytest.mark.parametrize(
    ("root", "what"),
    [("nonesuch://bucket/raw", "A raw log cannot lie at"), ("dropbox://bucket/raw", "needs a package")],
)
def test_a_place_of_a_kind_that_cannot_be_reached_is_refused_in_words(root: str, what: str) -> None:
    with pytest.raises(UserError, match=what) as error:
        RawLog(root).log_dates()
    assert root in error.value.what and error.value.hint


NAMES = ["1.ndjson", "2.ndjson.gz", "1.ndjson.zst.tmp", "notes", "deeper/1.ndjson"]
FOLDERS = ["site=a", "site=b", "site=a-1", "other"]
DAYS = ["2024-01-01", "2024-01-02", "2024-01-10", "latest"]


@given(
    st.sets(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(DAYS), st.sampled_from(NAMES))),
    st.sets(st.sampled_from(DAYS)),
)
def test_many_log_dates_are_listed_at_once_as_each_for_itself(
    files: set[tuple[str, str, str]], log_dates: set[str]
) -> None:
    with tempfile.TemporaryDirectory() as root:
        for folder, log_date, name in files:
            path = Path(root, folder, f"log_date={log_date}", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
        log = RawLog(root)
        assert log.segments_by_date(log_dates) == {d: log.segments(d) for d in log_dates}


@given(st.dates())
def test_every_date_in_its_iso_form_is_a_log_date(date: object) -> None:
    assert is_date(str(date))


@pytest.mark.parametrize("text", ["", "2024-01", "2024-1-1", "20240101", "2024-W01-1", "2024-01-01T00", "x"])
def test_no_other_form_is_a_log_date(text: str) -> None:
    assert not is_date(text)
