"""Where objects lie, and what is said when one is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake


def put(lake: Lake, asset: str, *log_dates: str) -> None:
    for log_date in log_dates:
        path = Path(lake.object(asset, log_date))
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")


def test_an_object_lies_by_environment_asset_and_log_date() -> None:
    lake = Lake("/lake", "dev-me")
    assert lake.object("sessions", "2024-01-02") == "/lake/dev-me/sessions/log_date=2024-01-02/part.parquet"
    assert lake.object("m", "2024-01-02", "m.bin") == "/lake/dev-me/m/log_date=2024-01-02/m.bin"
    assert Lake("/lake").home == "/lake/prod"


def test_environments_do_not_see_each_other(tmp_path: Path) -> None:
    put(Lake(str(tmp_path), "dev-me"), "sessions", "2024-01-02")
    assert Lake(str(tmp_path), "dev-me").assets() == ["sessions"]
    assert Lake(str(tmp_path)).assets() == []
    assert not Lake(str(tmp_path)).has("sessions", "2024-01-02")


def test_objects_are_those_published_among_the_dates_in_the_given_order(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    put(lake, "sessions", "2024-01-02", "2024-01-01")
    dates = ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert lake.objects("sessions", dates) == [lake.object("sessions", d) for d in dates[:2]]
    assert lake.require("sessions", dates[:2]) == lake.objects("sessions", dates)


def test_requiring_what_is_not_published_says_what_is_missing_and_how_to_make_it(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "dev-me")
    put(lake, "sessions", "2024-01-01")
    with pytest.raises(UserError) as error:
        lake.require("sessions", ["2024-01-01", "2024-01-02", "2024-01-03"])
    assert error.value.what == ("sessions has no object for log date 2024-01-02 in the environment dev-me.")
    assert "`rs-assets replay --from 2024-01-02 --to 2024-01-02`" in error.value.hint
    assert str(error.value) == f"{error.value.what}\n{error.value.hint}"


def test_only_log_dates_with_an_object_are_listed(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    put(lake, "sessions", "2024-01-02", "2024-01-01")
    (tmp_path / "prod/sessions/log_date=2024-01-03").mkdir()
    (tmp_path / "prod/sessions/log_date=latest").mkdir()
    (tmp_path / "prod/sessions/2024-01-04").mkdir()
    (tmp_path / "prod/empty").mkdir()
    put(lake, ".staging", "2024-01-01")
    assert lake.log_dates("sessions") == ["2024-01-01", "2024-01-02"]
    assert lake.log_dates("unknown") == []
    assert lake.assets() == ["sessions"]


def test_a_lake_that_is_not_there_has_no_assets(tmp_path: Path) -> None:
    assert Lake(str(tmp_path / "nowhere")).assets() == []


def test_a_lake_is_a_local_folder() -> None:
    with pytest.raises(UserError, match="is not a local folder") as error:
        Lake("s3://bucket/lake")
    assert "RS_LAKE" in error.value.hint
