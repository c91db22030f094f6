"""docs/tutorial.md: all of it is done, and does what the page says."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from rs_assets.lake import Lake
from rs_assets_tests.docs import told


def test_a_feature_goes_from_a_branch_to_what_is_published_as_the_page_says(
    replayed: Path, tmp_path: Path
) -> None:
    place = told.checkout(tmp_path / "rs_assets", replayed)
    lake = Lake(str(place / ".rs" / "lake"))
    dates = lake.log_dates("session_features")
    before = {date: lake.record("session_features", date) for date in dates}
    sessions = {date: lake.record("sessions", date) for date in dates}
    hours = pl.read_parquet(lake.object("session_features", dates[3]))["hour_of_day"]
    with told.page("docs/tutorial.md") as page:
        said = told.run(place, page.rest())

    assert (
        f"session_features ({len(dates)} log dates, {dates[0]} to {dates[-1]}): its code has changed" in said
    )
    assert "hour_of_day" in said
    after = Lake(str(place / ".rs" / "lake"))
    assert all(after.record("session_features", date) != before[date] for date in dates)
    assert {date: after.record("sessions", date) for date in dates} == sessions
    shifted = pl.read_parquet(after.object("session_features", dates[3]))["hour_of_day"]
    assert shifted.to_list() == [(hour + 1) % 24 for hour in hours]
    assert "local-hour" not in {path.name for path in (place / ".rs" / "lake").iterdir()}
    assert "local-hour against prod" in (place / ".rs" / "pages" / "prod" / "index.html").read_text()
    assert "Every closed log date of the raw log is published." in said.splitlines()[-1]
