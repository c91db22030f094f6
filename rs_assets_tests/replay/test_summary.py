"""The summary of a replay counts what is published, and names what is damaged instead of ending in it."""

from __future__ import annotations

import datetime as dt
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from rs_assets.cli.replay import show
from rs_assets.lake import Lake
from rs_assets.lake.tables import write_table
from rs_assets.replay import summarize
from rs_assets.settings import Settings
from rs_assets_tests.lakes import put

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
MODEL, EVALUATION = "purchase_intent_model", "purchase_intent_evaluation"
TABLES = {
    "valid_events": pl.DataFrame({"event_id": ["a", "b"]}),
    "quarantined_events": pl.DataFrame({"reasons": [["DUPLICATE"], ["TS_FUTURE", "DUPLICATE"]]}),
    "sessions": pl.DataFrame({"purchased": [True, False, False], "revenue": [12.5, 0.0, 0.0]}),
    "purchase_intent_predictions": pl.DataFrame({"probability": [0.5]}),
    "recommendations": pl.DataFrame({"item_ids": [["a"]]}),
    "next_item_promotion": pl.DataFrame({"champion": [None], "since": [None], "reasons": [["too little"]]}),
    "purchase_intent_promotion": pl.DataFrame(
        {"champion": [dt.date(2024, 1, 1)], "since": [dt.date(2024, 1, 8)], "reasons": [["passed"]]}
    ),
    MODEL: pl.DataFrame({"model": ["logistic"], "reason": [""], "rows": [1234], "cut": [dt.date(2024, 1, 1)]}),
    EVALUATION: pl.DataFrame({"candidate": ["logistic"], "slice": ["all"], "metric": ["pr_auc"], "value": [0.25]}),
}  # fmt: skip
DAMAGE = {
    "empty": b"",
    "of something else": b"this is no Parquet" * 10,
    "cut": None,
    "of other columns": pl.DataFrame({"x": [1]}),
}
COUNTED = {"valid_events": "valid", "quarantined_events": "quarantined", "sessions": "sessions",
           "purchase_intent_predictions": "predictions", "recommendations": "recommendations"}  # fmt: skip
COUNTED_ONLY = ("valid_events", "purchase_intent_predictions", "recommendations")
CASES = [
    (asset, how) for asset in TABLES for how in DAMAGE
    # Of these only the rows are counted, whatever their columns.
    if (asset, how) not in product(COUNTED_ONLY, ("of other columns",))
]  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three log dates of every asset that the summary reads."""
    made = Lake(str(tmp_path / "lake"))
    for asset, table in TABLES.items():
        put(made, asset, DATES, table)
    return made


def damage(lake: Lake, asset: str, log_date: str, how: str = "cut") -> str:
    path = Path(lake.object(asset, log_date))
    what = DAMAGE[how]
    if isinstance(what, pl.DataFrame):
        write_table(what, str(path))
    else:
        path.write_bytes(path.read_bytes()[:-20] if what is None else what)
    return str(path)


def page(lake: Lake, capsys: pytest.CaptureFixture[str], environment: str = "prod") -> str:
    settings = Settings.from_env({"RS_LAKE": lake.root, "RS_ENVIRONMENT": environment})
    show(summarize(lake, DATES), settings)
    return capsys.readouterr().out


def test_it_counts_what_is_published(lake: Lake) -> None:
    found = summarize(lake, DATES)
    assert (found.first, found.last, found.valid, found.quarantined) == (DATES[0], DATES[-1], 6, 6)
    assert found.quarantined_by_reason == {"DUPLICATE": 6, "TS_FUTURE": 3}
    assert (found.sessions, found.sessions_with_purchase, found.revenue) == (9, 3, 37.5)
    assert found.model == "logistic, trained on 1,234 snapshots closed before 2024-01-01"
    assert found.metrics == [{"candidate": "logistic", "pr_auc": 0.25}]
    assert (found.predictions, found.recommendations, found.damaged) == (3, 3, [])
    assert found.champions == {
        "next_item": "nobody serves: too little",
        "purchase_intent": "the model of 2024-01-01 serves since 2024-01-08",
    }


def test_what_is_not_published_counts_as_nothing_and_is_not_damaged(tmp_path: Path) -> None:
    found = summarize(Lake(str(tmp_path)), DATES)
    assert (found.valid, found.quarantined, found.quarantined_by_reason, found.sessions) == (0, 0, {}, 0)
    assert (found.revenue, found.model, found.metrics, found.damaged) == (0.0, "no model", [], [])


@pytest.mark.parametrize(("asset", "how"), CASES)
def test_a_damaged_object_is_named_once_and_its_neighbours_count(lake: Lake, asset: str, how: str) -> None:
    whole = summarize(lake, DATES)
    path = damage(lake, asset, DATES[-1], how)
    found = summarize(lake, DATES)
    (damaged,) = found.damaged
    assert (damaged.asset, damaged.log_date, damaged.path) == (asset, DATES[-1], path)
    assert damaged.problem and "\n" not in damaged.problem
    for of, name in COUNTED.items():
        expected = getattr(whole, name) * 2 // 3 if of == asset else getattr(whole, name)
        assert getattr(found, name) == expected, name
    assert (found.model == "cannot be read") == (asset == MODEL)
    assert (found.metrics == []) == (asset == EVALUATION)


def test_the_page_names_what_is_damaged_and_the_replay_that_rebuilds_it(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cannot be read" not in page(lake, capsys)
    paths = [damage(lake, "sessions", DATES[1]), damage(lake, "quarantined_events", DATES[0])]
    said = page(lake, capsys)
    assert "2 published objects cannot be read" in said
    assert f"sessions, log date {DATES[1]}: {paths[0]}\n" in said
    assert f"quarantined_events, log date {DATES[0]}: {paths[1]}\n" in said
    assert f"Rebuild what is damaged: rs-assets replay --from {DATES[0]} --to {DATES[1]}\n" in said
    elsewhere = page(lake, capsys, "dev-anna")
    assert f"--to {DATES[1]} --environment dev-anna\n" in elsewhere
