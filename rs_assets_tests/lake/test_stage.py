"""Stage, audit, publish: all of it or nothing, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import digest, write_table

OLD, NEW = pl.DataFrame({"n": [1]}), pl.DataFrame({"n": [2]})


def files(lake: Lake) -> dict[str, bytes]:
    """Every file under the lake's root."""
    root = Path(lake.root)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def publish(lake: Lake, frame: pl.DataFrame, *assets: str) -> dict[tuple[str, str], str]:
    with Stage(lake) as stage:
        for asset in assets:
            write_table(frame, stage.path(asset, "2024-01-02"))
        return stage.publish()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), "dev-me")


def test_objects_are_where_readers_look_once_published_and_nothing_else_is(lake: Lake) -> None:
    digests = publish(lake, NEW, "sessions", "valid_events")
    assert set(files(lake)) == {
        f"dev-me/{asset}/log_date=2024-01-02/part.parquet" for asset in ("sessions", "valid_events")
    }
    [path] = lake.require("sessions", ["2024-01-02"])
    assert pl.read_parquet(path).equals(NEW)
    assert digests == {
        (asset, "2024-01-02"): digest(lake.object(asset, "2024-01-02"))
        for asset in ("sessions", "valid_events")
    }


def test_no_reader_sees_an_object_before_it_is_published(lake: Lake) -> None:
    publish(lake, OLD, "sessions")
    with Stage(lake) as stage:
        write_table(NEW, stage.path("sessions", "2024-01-02"))
        write_table(NEW, stage.path("items", "2024-01-02"))
        assert lake.assets() == ["sessions"]
        assert pl.read_parquet(lake.object("sessions", "2024-01-02")).equals(OLD)
        assert not lake.has("items", "2024-01-02")
        stage.publish()
    assert lake.assets() == ["items", "sessions"]
    assert pl.read_parquet(lake.object("sessions", "2024-01-02")).equals(NEW)


def test_a_block_that_raises_leaves_the_lake_as_it_was(lake: Lake) -> None:
    publish(lake, OLD, "sessions")
    before = files(lake)
    with pytest.raises(ZeroDivisionError), Stage(lake) as stage:
        write_table(NEW, stage.path("sessions", "2024-01-02"))
        Path(stage.scratch("notes")).write_text("x")
        raise ZeroDivisionError
    assert files(lake) == before


def test_a_block_that_does_not_publish_leaves_the_lake_as_it_was(lake: Lake) -> None:
    publish(lake, OLD, "sessions")
    before = files(lake)
    with Stage(lake) as stage:
        write_table(NEW, stage.path("sessions", "2024-01-02"))
    assert files(lake) == before


def test_what_was_published_before_an_error_stays_and_the_rest_is_thrown_away(lake: Lake) -> None:
    with pytest.raises(ZeroDivisionError), Stage(lake) as stage:
        write_table(NEW, stage.path("sessions", "2024-01-02"))
        stage.publish()
        write_table(NEW, stage.path("sessions", "2024-01-03"))
        raise ZeroDivisionError
    assert lake.log_dates("sessions") == ["2024-01-02"]
    assert list(files(lake)) == ["dev-me/sessions/log_date=2024-01-02/part.parquet"]


def test_if_one_object_was_not_written_none_is_published(lake: Lake) -> None:
    publish(lake, OLD, "a", "b")
    before = files(lake)
    with pytest.raises(FileNotFoundError), Stage(lake) as stage:
        write_table(NEW, stage.path("a", "2024-01-02"))
        stage.path("b", "2024-01-02")
        stage.publish()
    assert files(lake) == before


def test_an_object_may_have_a_name_of_its_own_and_scratch_is_never_published(lake: Lake) -> None:
    with Stage(lake) as stage:
        Path(stage.path("model", "2024-01-02", "model.joblib")).write_bytes(b"m")
        Path(stage.scratch("spill")).write_bytes(b"s")
        digests = stage.publish()
    assert files(lake) == {"dev-me/model/log_date=2024-01-02/model.joblib": b"m"}
    assert list(digests) == [("model", "2024-01-02")]


def test_two_stages_at_once_do_not_meet(lake: Lake) -> None:
    with Stage(lake) as one, Stage(lake) as other:
        write_table(OLD, one.path("a", "2024-01-02"))
        write_table(NEW, other.path("a", "2024-01-02"))
        other.publish()
        assert pl.read_parquet(lake.object("a", "2024-01-02")).equals(NEW)
        one.publish()
    assert pl.read_parquet(lake.object("a", "2024-01-02")).equals(OLD)


def test_the_same_rows_published_again_have_the_same_digest(lake: Lake) -> None:
    assert publish(lake, NEW, "a") == publish(lake, NEW, "a")
    assert publish(lake, NEW, "a") != publish(lake, OLD, "a")
