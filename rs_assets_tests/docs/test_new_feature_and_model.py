"""docs/new-feature.md and docs/new-model.md: their changes are made, replayed, and do what the pages say."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from rs_assets.lake import Lake
from rs_assets_tests.docs import told


def test_a_feature_is_in_every_log_date_and_among_the_inputs_of_the_model(
    replayed: Path, tmp_path: Path
) -> None:
    place = told.checkout(tmp_path / "rs_assets", replayed)
    with told.page("docs/new-feature.md") as page:
        said = told.run(place, page.rest())
    lake = Lake(str(place / ".rs" / "lake"), "search-share")
    for log_date in lake.log_dates("session_features"):
        rows = pl.read_parquet(lake.object("session_features", log_date))
        assert rows["search_share"].to_list() == [
            n / of for n, of in rows.select("searches", "position").iter_rows()
        ]
    assert "search_share: not there, now" in said
    held = (
        "from rs_assets.features.running import FEATURES as served\n"
        "from rs_assets.models.purchase_intent.training import NUMERIC\n"
        "assert tuple(served) == NUMERIC and 'search_share' in NUMERIC"
    )
    told.run(place, f'python -c "{held}"')


def test_a_candidate_is_measured_beside_the_others(replayed: Path, tmp_path: Path) -> None:
    place = told.checkout(tmp_path / "rs_assets", replayed)
    with told.page("docs/new-model.md") as page:
        said = told.run(place, page.rest())
    rows = [
        line
        for line in said.splitlines()
        if line.startswith(("small_trees", "gradient_boosting", "constant"))
    ]
    assert len({row.split()[0] for row in rows}) == 3, said
