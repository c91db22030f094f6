"""What is stale, and why: tables of objects in, reasons out."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake, records
from rs_assets.lake.lineage import Lineage, days_before, reading
from rs_assets.replay.stale import Group, find, grouped
from rs_assets_tests.lakes import put

DATES = [f"2024-01-{day:02}" for day in range(1, 5)]
READS = {
    "split": reading(days_before("raw_events", 1)),
    "features": reading("split"),
    "report": reading(days_before("split", 2)),
    "other": reading("raw_events"),
}
ONE, TWO = pl.DataFrame({"n": [1]}), pl.DataFrame({"n": [2]})


def lineage(code: dict[str, str] | None = None, log: dict[str, str] | None = None) -> Lineage:
    versions = {log_date: f"of {log_date}" for log_date in DATES} | (log or {})
    return Lineage(
        dict.fromkeys(READS, "1") | (code or {}),
        READS,
        lambda dates: {d: versions[d] for d in dates if d in versions},
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(str(tmp_path))
    for asset in READS:
        put(made, asset, DATES, ONE, lineage())
    return made


def stale(lake: Lake, of: Lineage) -> list[tuple[str, str, str]]:
    return [(one.asset, one.log_date[-2:], one.why) for one in find(lake, of, DATES)]


def test_nothing_is_stale_that_follows_from_what_it_would_follow_from_now(lake: Lake) -> None:
    assert stale(lake, lineage()) == []


def test_changed_code_makes_its_asset_stale_and_what_reads_it(lake: Lake) -> None:
    found = stale(lake, lineage({"features": "2"}))
    assert found == [("features", d[-2:], "its code has changed") for d in DATES]
    found = stale(lake, lineage({"split": "2"}))
    assert {asset for asset, _, _ in found} == {"split", "features", "report"}
    assert ("report", "01", "it reads split") in found


def test_a_changed_log_date_makes_stale_what_was_made_of_it_to_the_log_date(lake: Lake) -> None:
    found = stale(lake, lineage(log={"2024-01-02": "another"}))
    assert [(a, d) for a, d, _ in found] == [
        ("split", "02"),
        ("split", "03"),
        ("features", "02"),
        ("features", "03"),
        ("report", "02"),
        ("report", "03"),
        ("report", "04"),
        ("other", "02"),
    ]
    assert found[0][2] == "raw_events of 2024-01-01 to 2024-01-02 has changed"
    assert found[-1][2] == "raw_events of 2024-01-02 has changed"


def test_what_was_made_of_log_dates_that_are_not_read_is_judged_by_its_code_and_its_other_inputs(
    lake: Lake,
) -> None:
    asked: list[str] = []
    of = lineage(log={"2024-01-02": "another"})
    versions = of.log_versions
    of.log_versions = lambda dates: versions(asked.extend(dates) or dates)  # type: ignore[func-returns-value]
    of.unread = {"2024-01-02"}
    assert stale(lake, of) == [] and "2024-01-02" not in asked and "2024-01-03" in asked
    of = lineage({"other": "2"}, {"2024-01-03": "another"})
    of.unread = {"2024-01-02"}
    found = stale(lake, of)
    assert ("other", "02", "its code has changed") in found
    assert ("split", "03", "raw_events of 2024-01-02 to 2024-01-03 has changed") not in found
    assert ("split", "04", "raw_events of 2024-01-03 to 2024-01-04 has changed") in found


def test_another_input_object_is_named(lake: Lake) -> None:
    put(lake, "split", DATES[:1], TWO, lineage())
    found = stale(lake, lineage())
    assert found[0] == ("features", "01", "split of 2024-01-01 has changed")
    assert [(a, d) for a, d, _ in found[1:]] == [("report", "01"), ("report", "02"), ("report", "03")]


def test_what_is_not_published_is_stale(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "new"))
    assert {why for _, _, why in stale(lake, lineage())} == {"it is not published"}
    assert len(stale(lake, lineage())) == len(READS) * len(DATES)


def test_a_deleted_object_is_stale_and_so_is_what_was_made_of_it(lake: Lake) -> None:
    shutil.rmtree(Path(lake.object("split", "2024-01-02")).parent)
    records.read.cache_clear()  # another process
    of = lineage()
    of.lenient = True
    assert stale(lake, of) == [
        ("split", "02", "it is damaged"),
        ("features", "02", "split of 2024-01-02 has changed"),
        ("report", "02", "split of 2023-12-31 to 2024-01-02 has changed"),
        ("report", "03", "split of 2024-01-01 to 2024-01-03 has changed"),
        ("report", "04", "split of 2024-01-02 to 2024-01-04 has changed"),
    ]


def test_an_object_that_nothing_is_known_of_is_stale(lake: Lake) -> None:
    put(lake, "other", DATES[:1], ONE)
    assert stale(lake, lineage()) == [("other", "01", "its code has changed")]


def test_an_environments_own_changes_are_stale_against_its_parents_objects(lake: Lake) -> None:
    dev = Lake(lake.root, "dev")
    assert stale(dev, lineage()) == []
    assert len(stale(dev, lineage({"features": "2"}))) == len(DATES)
    put(dev, "features", DATES, TWO, lineage({"features": "2"}))
    assert stale(dev, lineage({"features": "2"})) == [] == stale(lake, lineage())


def test_reasons_of_an_asset_are_told_together(lake: Lake) -> None:
    groups = grouped(find(lake, lineage({"split": "2"}, {"2024-01-02": "another"}), DATES))
    assert groups == [
        Group("split", "its code has changed", DATES),
        Group("features", "it reads split", DATES, certain=False),
        Group("report", "it reads split", DATES, certain=False),
        Group("other", "raw_events of 2024-01-02 has changed", ["2024-01-02"]),
    ]
