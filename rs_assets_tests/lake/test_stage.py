"""Stage, audit, publish: all of it or nothing, and what was finished is not made twice."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake, records
from rs_assets.lake.lineage import Lineage, days_before, reading
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import digest, write_table
from rs_assets_tests.lakes import published, put

OLD, NEW = pl.DataFrame({"n": [1]}), pl.DataFrame({"n": [2]})
D1, D2, D3 = DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
OF_LOG = {"a": reading("raw_events"), "b": reading("a"), "chain": reading("a", days_before("chain", 1, 1))}


def lineage(code: str = "1", log: str = "x") -> Lineage:
    return Lineage(dict.fromkeys(OF_LOG, code), OF_LOG, lambda dates: dict.fromkeys(dates, log))


def made(
    lake: Lake, asset: str, of: Lineage, frame: pl.DataFrame = OLD, dates: list[str] = DATES
) -> list[str]:
    """Make what is stale; returns the log dates that were made."""
    dates_made = []
    with Stage(lake, of, reuse=True) as stage:
        for log_date in stage.pending([asset], dates):
            write_table(frame, stage.path(asset, log_date))
            stage.finish(asset, log_date)
            dates_made.append(log_date)
        stage.publish()
    return dates_made


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), "dev-me")


def test_objects_are_where_readers_look_once_published_and_nothing_else_is(lake: Lake) -> None:
    with Stage(lake) as stage:
        for asset in ("sessions", "valid_events"):
            write_table(NEW, stage.path(asset, D2))
        records = stage.publish()
    assert set(published(lake)) == {f"{a}/log_date={D2}/part.parquet" for a in ("sessions", "valid_events")}
    [path] = lake.require("sessions", [D2])
    assert pl.read_parquet(path).equals(NEW)
    for asset in ("sessions", "valid_events"):
        assert (records[asset, D2].digest, records[asset, D2].rows) == (digest(lake.object(asset, D2)), 1)
        assert lake.record(asset, D2) == records[asset, D2]


def test_no_reader_sees_an_object_before_it_is_published_but_the_stage_does(lake: Lake) -> None:
    put(lake, "sessions", [D2], OLD)
    with Stage(lake) as stage:
        for asset in ("sessions", "items"):
            write_table(NEW, stage.path(asset, D2))
            stage.finish(asset, D2)
        assert lake.assets() == ["sessions"] and not lake.has("items", D2)
        assert pl.read_parquet(lake.object("sessions", D2)).equals(OLD)
        assert stage.lake.assets() == ["items", "sessions"]
        assert pl.read_parquet(stage.lake.object("sessions", D2)).equals(NEW)
        stage.publish()
    assert lake.assets() == ["items", "sessions"]
    assert pl.read_parquet(lake.object("sessions", D2)).equals(NEW)


def test_a_block_that_raises_leaves_the_lake_as_it_was(lake: Lake) -> None:
    put(lake, "sessions", [D2], OLD)
    before = published(lake)
    with pytest.raises(ZeroDivisionError), Stage(lake) as stage:
        write_table(NEW, stage.path("sessions", D2))
        stage.finish("sessions", D2)
        Path(stage.scratch("notes")).write_text("x")
        raise ZeroDivisionError
    assert published(lake) == before
    assert os.listdir(Path(lake.root, ".staging")) == []


def test_a_block_that_does_not_publish_leaves_the_lake_as_it_was(lake: Lake) -> None:
    put(lake, "sessions", [D2], OLD)
    before = published(lake)
    with Stage(lake) as stage:
        write_table(NEW, stage.path("sessions", D2))
    assert published(lake) == before


def test_if_one_file_was_not_written_none_is_published(lake: Lake) -> None:
    put(lake, "a", [D2], OLD)
    put(lake, "b", [D2], OLD)
    before = published(lake)
    with pytest.raises(FileNotFoundError), Stage(lake) as stage:
        write_table(NEW, stage.path("a", D2))
        write_table(NEW, stage.path("b", D2))
        stage.path("b", D2, "page.html")
        stage.publish()
    assert published(lake) == before


def test_an_object_may_have_several_files_and_scratch_is_never_published(lake: Lake) -> None:
    with Stage(lake) as stage:
        Path(stage.path("model", D2, "model.bin")).write_bytes(b"m")
        Path(stage.scratch("spill")).write_bytes(b"s")
        records = stage.publish()
    assert published(lake) == {f"model/log_date={D2}/model.bin": b"m"}
    assert list(records) == [("model", D2)]


def test_two_stages_at_once_do_not_meet(lake: Lake) -> None:
    with Stage(lake) as one, Stage(lake) as other:
        write_table(OLD, one.path("a", D2))
        write_table(NEW, other.path("a", D2))
        write_table(NEW, other.path("b", D2))
        other.publish()
        assert pl.read_parquet(lake.object("a", D2)).equals(NEW)
        one.publish()
    assert pl.read_parquet(lake.object("a", D2)).equals(OLD)
    assert pl.read_parquet(lake.object("b", D2)).equals(NEW)


def test_a_path_once_asked_for_reads_the_same_whatever_is_published_later(lake: Lake) -> None:
    put(lake, "a", [D2], OLD)
    path = lake.object("a", D2)
    put(lake, "a", [D2], NEW)
    assert pl.read_parquet(path).equals(OLD)


def test_publishing_what_is_there_already_makes_no_new_version(lake: Lake) -> None:
    put(lake, "a", DATES, OLD, lineage())
    version = lake.version
    put(lake, "a", DATES, OLD, lineage())
    assert lake.version == version


def test_other_code_that_gives_the_same_bytes_stores_them_once(lake: Lake) -> None:
    put(lake, "a", [D1], OLD, lineage("1"))
    first = lake.object("a", D1)
    put(lake, "a", [D1], OLD, lineage("2"))
    second = lake.object("a", D1)
    assert first != second and os.path.samefile(first, second)
    record = lake.record("a", D1)
    assert record is not None and record.origin.code == "2"


def test_what_follows_from_the_same_is_kept_and_what_does_not_is_made(lake: Lake) -> None:
    assert made(lake, "a", lineage()) == DATES
    assert made(lake, "a", lineage()) == []
    assert made(lake, "a", lineage(log="y"), dates=[D2]) == [D2]
    assert made(lake, "a", lineage(code="2", log="y")) == DATES


def test_without_reuse_everything_is_made(lake: Lake) -> None:
    put(lake, "a", DATES, OLD, lineage())
    with Stage(lake, lineage()) as stage:
        assert list(stage.pending(["a"], DATES)) == DATES


def test_an_input_that_came_out_the_same_makes_nothing_stale(lake: Lake) -> None:
    made(lake, "a", lineage())
    made(lake, "b", lineage())
    assert made(lake, "a", lineage(log="y")) == DATES
    assert made(lake, "b", lineage()) == []
    assert made(lake, "a", lineage(log="z"), NEW, [D2]) == [D2]
    assert made(lake, "b", lineage()) == [D2]


def test_an_asset_of_its_own_previous_date_is_made_from_the_first_stale_date_on(lake: Lake) -> None:
    made(lake, "a", lineage())
    assert made(lake, "chain", lineage()) == DATES
    assert made(lake, "chain", lineage()) == []
    made(lake, "a", lineage(log="y"), NEW, [D2])
    with Stage(lake, lineage(), reuse=True) as stage:
        assert list(stage.pending(["chain"], DATES)) == [D2, D3], (
            "not yet known whether D3 comes out the same"
        )
    assert made(lake, "chain", lineage(), OLD) == [D2], "it came out the same"
    made(lake, "a", lineage(log="z"), OLD, [D2])
    assert made(lake, "chain", lineage()) == [], "what was made of that before is there still"
    made(lake, "a", lineage(log="w"), pl.DataFrame({"n": [3]}), [D2])
    assert made(lake, "chain", lineage(), NEW) == [D2, D3]


def test_an_interrupted_step_goes_on_with_what_is_missing(lake: Lake) -> None:
    with pytest.raises(ZeroDivisionError), Stage(lake, lineage()) as stage:
        for log_date in DATES[:2]:
            write_table(OLD, stage.path("a", log_date))
            stage.finish("a", log_date)
        write_table(OLD, stage.path("a", D3))
        raise ZeroDivisionError
    assert lake.assets() == []
    assert made(lake, "a", lineage()) == [D3]
    assert lake.log_dates("a") == DATES


def test_what_another_environment_made_is_not_made_again(lake: Lake) -> None:
    made(Lake(lake.root, "dev-other"), "a", lineage())
    assert made(lake, "a", lineage()) == []
    assert lake.own_log_dates("a") == DATES


def test_the_version_of_the_log_is_asked_before_it_is_read(lake: Lake) -> None:
    versions = iter("xy")
    of = Lineage({"a": "1"}, OF_LOG, lambda dates: dict.fromkeys(dates, next(versions)))
    with Stage(lake, of) as stage:
        for log_date in stage.pending(["a"], [D1]):
            assert next(versions) == "y", "asked for already"
            write_table(OLD, stage.path("a", log_date))
        stage.publish()
    record = lake.record("a", D1)
    assert record is not None and [one.digest for one in record.origin.inputs] == ["x"]


def test_code_that_does_not_always_do_the_same_is_noticed(lake: Lake) -> None:
    put(lake, "a", [D1], OLD, lineage())
    with Stage(lake, lineage()) as stage:
        write_table(NEW, stage.path("a", D1))
        stage.publish()
        assert stage.differing == [("a", D1)]


def test_a_damaged_object_is_mended_by_making_it_again(lake: Lake) -> None:
    put(lake, "a", [D1], OLD, lineage())
    Path(lake.object("a", D1)).write_bytes(b"no parquet")
    put(lake, "a", [D1], OLD, lineage())
    assert pl.read_parquet(lake.object("a", D1)).equals(OLD)


def test_a_deleted_object_is_mended_by_making_it_again_and_is_an_error_for_whoever_reads_it_before(
    lake: Lake,
) -> None:
    put(lake, "a", [D1], OLD, lineage())
    shutil.rmtree(Path(lake.object("a", D1)).parent)
    records.read.cache_clear()  # another process
    with pytest.raises(UserError, match=f"a for log date {D1} is damaged") as told:
        lake.record("a", D1)
    assert told.value.hint == f"Rebuild it: `rs-assets replay --from {D1} --to {D1} --environment dev-me`."
    with Stage(lake, lineage(), reuse=True) as stage:
        assert list(stage.pending(["a"], [D1])) == [D1], "it is not kept"
    put(lake, "a", [D1], OLD, lineage())
    assert pl.read_parquet(lake.object("a", D1)).equals(OLD)
    assert lake.record("a", D1) == lake.readable("a", D1) is not None


def test_the_same_rows_published_again_have_the_same_digest(lake: Lake) -> None:
    digests = []
    for frame in (NEW, NEW, OLD):
        put(lake, "a", [D2], frame)
        record = lake.record("a", D2)
        digests.append(record.digest if record else None)
    assert digests[0] == digests[1] != digests[2]


def test_a_record_holds_no_clock(tmp_path: Path) -> None:
    texts = []
    for name in "ab":
        lake = Lake(str(tmp_path / name))
        put(lake, "a", [D1], OLD, lineage())
        folder = lake.folder("a", D1)
        assert folder is not None
        texts.append(Path(folder, "record.json").read_text())
    assert texts[0] == texts[1] and str(dt.date.today().year) not in texts[0].replace("2024", "")
