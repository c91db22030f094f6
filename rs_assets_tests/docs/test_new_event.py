"""docs/new-event.md: one command and two lines, and what lay in quarantine is in the lake."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from rs_assets.lake import Lake
from rs_assets_tests.docs import told


def test_an_event_type_is_one_command_and_two_lines_and_what_came_before_becomes_valid(
    replayed: Path, tmp_path: Path
) -> None:
    place = told.checkout(tmp_path / "rs_assets", replayed)
    text = (told.ROOT / "docs" / "new-event.md").read_text(encoding="utf-8")
    added = re.findall(r"^\+(?!\+\+)", text, re.MULTILINE)
    assert len(added) == 2 and text.count("rs-assets new event") == 1
    with told.page("docs/new-event.md") as page:
        said = told.run(place, page.rest())
    assert "EVENT_UNKNOWN" in said and "passed" in said and "F-7" in said
    valid = pl.read_parquet(Lake(str(place / ".rs" / "lake")).object("valid_events", "2024-01-08"))
    (booked,) = valid.filter(pl.col("book_fitting_id").is_not_null()).iter_rows(named=True)
    assert (booked["event_name"], booked["book_fitting_id"], booked["client_id"]) == (
        "book_fitting",
        "F-7",
        "c-1",
    )
