"""docs/your-own-logs.md: its mapping file and its log, imported and replayed by its own commands."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from rs_assets.lake import Lake
from rs_assets_tests.docs import told


def test_the_pages_log_comes_in_by_the_pages_mapping_and_says_what_the_page_says(tmp_path: Path) -> None:
    with told.page("docs/your-own-logs.md") as page:
        (tmp_path / "shop.toml").write_text(page.take("toml"))
        (tmp_path / "export.csv").write_text(page.take("csv"))
        said = told.run(tmp_path, page.rest(), RS_HOME=str(tmp_path), PYTHONPATH=str(told.ROOT))
    assert "JSON_MALFORMED" in said and "EVENT_UNKNOWN" in said and "TYPE_MISMATCH" in said
    lake = Lake(str(tmp_path / "lake"), "prod")
    valid, bad = (
        pl.read_parquet(lake.place(asset, "2024-03-04")) for asset in ("valid_events", "quarantined_events")
    )
    assert valid["event_name"].to_list() == ["view_item", "purchase"]
    assert sorted(map(sorted, bad["reasons"].to_list())) == [
        ["EVENT_UNKNOWN", "TYPE_MISMATCH"],
        ["JSON_MALFORMED"],
    ]
