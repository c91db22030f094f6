"""The decisions log, and who stands where after a gate or a decision."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.models.promotion import COMPARISON, Decision, Decisions, Judgement, Outcome, Standing
from rs_assets.models.promotion.decisions import append
from rs_assets.models.promotion.judgement import compared, judged

FIRST, SECOND, THIRD = (dt.date(2024, 1, 1) + dt.timedelta(weeks=n) for n in range(3))


def decision(**changes: str) -> Decision:
    fields = {
        "log_date": "2024-01-17",
        "model": "next_item",
        "action": "promote",
        "cut": "2024-01-08",
        "by": "anna",
        "why": "the new one forgets shoes",
        "decided_at": "2024-01-16T09:00:00+00:00",
    }
    return Decision(**fields | changes)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_decision_comes_back_as_it_was_made_whatever_words_it_has(tmp_path_factory, by: str, why: str):
    path = str(tmp_path_factory.mktemp("log") / "deep" / "decisions.ndjson")
    made = [decision(by=by, why=why), decision(action="rollback")]
    for each in made:
        append(path, each)
    assert Decisions.read(path).made == tuple(made)


def test_without_a_file_nothing_was_decided(tmp_path: Path):
    assert Decisions.read(str(tmp_path / "none.ndjson")) == Decisions()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "decisions.ndjson:2 is no decision"),
        ("[]", "it is no object"),
        ('{"model": "next_item"}', "missing"),
    ],
)
def test_a_line_that_is_no_decision_is_named(tmp_path: Path, line: str, problem: str):
    path = tmp_path / "decisions.ndjson"
    append(str(path), decision())
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UserError, match=problem):
        Decisions.read(str(path))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cut": "2024-01-09"}, "no Monday"),
        ({"cut": "2024-01-22"}, "it has seen it"),
        ({"action": "burn"}, "promote, rollback"),
        ({"log_date": "tomorrow"}, "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_decided_is_refused(change: dict[str, str], problem: str):
    with pytest.raises(ValueError, match=problem):
        decision(**change)


def test_a_log_date_has_another_version_only_where_something_was_decided_for_it():
    version = Decisions((decision(),)).version("next_item")
    assert version("2024-01-16") is None
    assert version("2024-01-17") is not None
    assert version("2024-01-17") != Decisions((decision(why="for another reason"),)).version("next_item")(
        "2024-01-17"
    )
    assert Decisions((decision(),)).version("purchase_intent")("2024-01-17") is None


def test_without_a_champion_the_first_challenger_that_passes_serves():
    standing = Standing(FIRST).judged(FIRST, FIRST, Judgement(("too little",), there=False))
    assert (standing.champion, standing.outcome) == (None, Outcome.NO_CHALLENGER)
    standing = standing.judged(SECOND, SECOND, Judgement(("in_cart is 1",)))
    assert (standing.champion, standing.outcome) == (None, Outcome.REFUSED)
    standing = standing.judged(THIRD, THIRD, Judgement())
    assert (standing.champion, standing.since, standing.previous) == (THIRD, THIRD, None)


def test_a_refused_challenger_leaves_the_champion_where_it_is():
    standing = Standing(FIRST).judged(FIRST, FIRST, Judgement())
    standing = standing.judged(SECOND, SECOND, Judgement(("worse",)))
    assert (standing.champion, standing.since, standing.cut) == (FIRST, FIRST, SECOND)
    assert standing.reasons == ("worse",)


def test_after_a_rollback_the_gate_goes_on_with_the_next_challenger():
    standing = Standing(FIRST).judged(FIRST, FIRST, Judgement()).judged(SECOND, SECOND, Judgement())
    back = standing.decided(decision(action="rollback", cut="2024-01-01", log_date="2024-01-10"))
    assert (back.champion, back.previous, back.by) == (FIRST, SECOND, "anna")
    assert back.outcome == Outcome.DECIDED
    assert back.judged(THIRD, THIRD, Judgement()).champion == THIRD


def test_a_standing_is_a_row_and_a_row_is_a_standing():
    standing = Standing(FIRST).judged(FIRST, FIRST, Judgement()).decided(decision())
    assert Standing.from_frame(standing.to_frame()) == standing
    assert Standing.from_frame(Standing(FIRST).to_frame()) == Standing(FIRST)


def test_a_challenger_is_refused_only_where_it_is_shown_to_be_worse():
    import numpy as np

    better, noise, worse = (np.array([shift, shift + 0.1]) for shift in (0.2, -0.05, -0.3))
    rows = [
        compared("all", "mrr", 10, (0.3, 0.5), better),
        compared("site=a", "mrr", 10, (0.3, 0.29), noise),
        compared("site=b", "mrr", 10, (0.5, 0.25), worse),
        compared("site=c", "mrr", 0, (0.5, 0.25), np.array([np.nan])),
    ]
    found = judged(rows)
    assert found.comparison["passed"].to_list() == [True, True, False, True]
    assert len(found.refused) == 1
    assert found.refused[0].startswith("worse than the champion on site=b: mrr 0.250 against 0.500")
    assert judged([]).comparison.equals(pl.DataFrame(schema=COMPARISON))
