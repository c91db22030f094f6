"""Which objects an environment has, where they are, and what is said when one is not there."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.environments import create
from rs_assets_tests.lakes import put

ROW = pl.DataFrame({"n": [1]})
DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_a_person_finds_an_object_by_environment_asset_and_log_date(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    put(lake, "sessions", DATES[:1], ROW)
    path = tmp_path / "prod/sessions/log_date=2024-01-01/part.parquet"
    assert lake.place("sessions", DATES[0]) == str(path)
    assert pl.read_parquet(path).equals(ROW)
    assert pl.read_parquet(tmp_path / "prod/sessions/*/part.parquet").equals(ROW)
    assert os.path.samefile(path, lake.object("sessions", DATES[0]))


def test_a_lake_that_is_moved_is_whole(tmp_path: Path) -> None:
    put(Lake(str(tmp_path / "a")), "sessions", DATES[:1], ROW)
    os.rename(tmp_path / "a", tmp_path / "b")
    assert pl.read_parquet(tmp_path / "b/prod/sessions/log_date=2024-01-01/part.parquet").equals(ROW)
    assert Lake(str(tmp_path / "b")).has("sessions", DATES[0])


def test_an_environment_reads_its_parent_where_it_has_nothing_and_is_not_seen_by_it(tmp_path: Path) -> None:
    prod, dev = Lake(str(tmp_path)), Lake(str(tmp_path), "dev-me")
    put(prod, "sessions", DATES[:2], ROW)
    put(prod, "items", DATES[:1], ROW)
    put(dev, "sessions", DATES[1:], pl.DataFrame({"n": [2]}))
    assert dev.assets() == ["items", "sessions"] and dev.own_assets() == ["sessions"]
    assert dev.log_dates("sessions") == DATES and dev.own_log_dates("sessions") == DATES[1:]
    assert [pl.read_parquet(path)["n"].item() for path in dev.require("sessions", DATES)] == [1, 2, 2]
    assert dev.place("sessions", DATES[0]) == prod.place("sessions", DATES[0])
    assert prod.log_dates("sessions") == DATES[:2]
    assert pl.read_parquet(prod.object("sessions", DATES[1]))["n"].item() == 1


def test_an_environment_without_a_parent_has_what_it_has(tmp_path: Path) -> None:
    put(Lake(str(tmp_path)), "sessions", DATES, ROW)
    alone = Lake(str(tmp_path), "alone")
    create(alone, None)
    assert alone.assets() == [] and not alone.has("sessions", DATES[0])


def test_a_parent_may_have_a_parent(tmp_path: Path) -> None:
    put(Lake(str(tmp_path)), "sessions", DATES[:1], ROW)
    create(Lake(str(tmp_path), "staging"))
    dev = Lake(str(tmp_path), "dev")
    create(dev, "staging")
    assert dev.has("sessions", DATES[0])


def test_objects_are_those_published_among_the_dates_in_the_given_order(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    put(lake, "sessions", [DATES[1], DATES[0]], ROW)
    assert lake.objects("sessions", DATES) == [lake.object("sessions", d) for d in DATES[:2]]
    assert lake.require("sessions", DATES[:2]) == lake.objects("sessions", DATES)


def test_requiring_what_is_not_published_says_what_is_missing_and_how_to_make_it(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "dev-me")
    put(lake, "sessions", DATES[:1], ROW)
    with pytest.raises(UserError) as error:
        lake.require("sessions", DATES)
    assert error.value.what == ("sessions has no object for log date 2024-01-02 in the environment dev-me.")
    assert "`rs-assets replay --from 2024-01-02 --to 2024-01-02`" in error.value.hint
    assert str(error.value) == f"{error.value.what}\n{error.value.hint}"


def test_a_lake_that_is_not_there_has_no_assets(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "nowhere"))
    assert (lake.assets(), lake.log_dates("sessions"), lake.has("sessions", DATES[0])) == ([], [], False)


def test_a_folder_in_the_place_of_an_environment_is_an_error_and_not_an_empty_lake(tmp_path: Path) -> None:
    (tmp_path / "prod/sessions/log_date=2024-01-01").mkdir(parents=True)
    for look in (Lake.assets, lambda lake: lake.has("sessions", DATES[0])):
        with pytest.raises(UserError, match="is not an environment of the lake") as error:
            look(Lake(str(tmp_path)))
        assert "replay the log" in error.value.hint


def test_a_lake_is_a_local_folder() -> None:
    with pytest.raises(UserError, match="is not a local folder") as error:
        Lake("s3://bucket/lake")
    assert "RS_LAKE" in error.value.hint
