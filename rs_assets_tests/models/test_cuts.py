"""The calendar of cuts."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.models.cuts import cut_of, training_window

DATES = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))


@given(DATES)
def test_a_cut_is_a_monday_within_the_last_seven_days(log_date: dt.date) -> None:
    cut = cut_of(log_date)
    assert cut.weekday() == 0
    assert 0 <= (log_date - cut).days < 7
    assert cut_of(cut) == cut


@given(DATES, st.integers(1, 100))
def test_no_model_has_seen_a_log_date_it_is_in_force_on(log_date: dt.date, days: int) -> None:
    first, last = training_window(cut_of(log_date), days)
    assert last < cut_of(log_date) <= log_date
    assert (last - first).days + 1 == days


def test_the_window_is_four_weeks_that_end_the_day_before_the_cut() -> None:
    assert training_window(dt.date(2024, 1, 29)) == (dt.date(2024, 1, 1), dt.date(2024, 1, 28))


def test_a_window_of_no_days_or_of_no_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 day, not 0"):
        training_window(dt.date(2024, 1, 29), 0)
    with pytest.raises(ValueError, match="2024-01-30 is no cut"):
        training_window(dt.date(2024, 1, 30))
