"""The contract against a truth it has never seen: each planted fault is found where it is, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import polars as pl
import pytest

from rs_assets.log import RawLog
from rs_assets.log.generator import FAULTS, Plan, Summary, generate
from rs_assets_tests.logs import Outcome, split

PLACE = ["site", "log_date", "segment", "line", "event_index", "reason"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, pl.DataFrame, list[Outcome]]:
    """What was written, the truth about it, and the split of every log date."""
    folder = tmp_path_factory.mktemp("planted")
    plan = Plan(start=dt.date(2024, 2, 27), days=5, events=60_000, broken=0.05, seed=11)
    summary = generate(plan, str(folder / "raw"), str(folder / "truth.csv"))
    truth = pl.read_csv(folder / "truth.csv", schema_overrides={"event_index": pl.Int64})
    log = RawLog(str(folder / "raw"))
    assert len(log.log_dates()) == plan.days
    return summary, truth.select(PLACE), [split(log, log_date) for log_date in log.log_dates()]


def found(outcomes: list[Outcome]) -> pl.DataFrame:
    """The quarantined events as the truth would list them."""
    table = pl.concat([outcome.quarantined for outcome in outcomes]).explode("reasons")
    return table.select(
        "site", pl.col("log_date").cast(pl.String), "segment", "line", pl.col("event_index").cast(pl.Int64),
        reason="reasons",
    )  # fmt: skip


def test_every_class_of_fault_is_planted_many_times(
    planted: tuple[Summary, pl.DataFrame, list[Outcome]],
) -> None:
    summary, truth, _ = planted
    assert summary.events == pytest.approx(60_000, rel=0.05)
    counts = Counter(truth["reason"])
    assert set(counts) == set(FAULTS)
    assert min(counts.values()) > 100


@pytest.mark.parametrize("reason", FAULTS)
def test_precision_and_recall_are_one(
    planted: tuple[Summary, pl.DataFrame, list[Outcome]], reason: str
) -> None:
    _, truth, outcomes = planted
    expected, got = ({*t.filter(pl.col("reason") == reason).iter_rows()} for t in (truth, found(outcomes)))
    assert got - expected == set(), "not planted, but found"
    assert expected - got == set(), "planted, but not found"


def test_nothing_else_is_quarantined_and_nothing_is_lost(
    planted: tuple[Summary, pl.DataFrame, list[Outcome]],
) -> None:
    summary, truth, outcomes = planted
    assert found(outcomes).sort(PLACE).equals(truth.sort(PLACE))
    quarantined = sum(outcome.report.quarantined for outcome in outcomes)
    assert quarantined == summary.broken
    assert sum(outcome.report.lines for outcome in outcomes) == summary.requests
    assert sum((Counter(o.report.by_reason) for o in outcomes), Counter()) == summary.by_reason
    # A line that is lost counts as one event however many it held.
    whole_lines = truth.filter(pl.col("event_index").is_null()).height
    valid = sum(outcome.report.valid for outcome in outcomes)
    assert summary.events - 3 * whole_lines <= valid + quarantined <= summary.events
