"""The check that no feature sees the future: planted leaks are found, honest features are not accused."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.features import find_leaks, suspicious
from rs_assets.features.leaks import ROW

START = dt.datetime(2024, 1, 1, 23, 50)
Compute = Callable[[pl.DataFrame], pl.DataFrame]
SCHEMA = {"session_id": pl.String, "event_time": pl.Datetime("us"), "price": pl.Float64}


def make_events(gaps: list[tuple[int, int, float | None]]) -> pl.DataFrame:
    """Events, each (session, seconds since the event before it, price); two may be simultaneous."""
    time, rows = START, []
    for session, gap, price in gaps:
        time += dt.timedelta(seconds=gap)
        rows.append((f"s{session}", time, price))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def honest(events: pl.DataFrame) -> pl.DataFrame:
    """Features that look back only: counts, sums and gaps up to each event."""
    by_session = pl.col("session_id")
    return events.sort("event_time", maintain_order=True).select(
        "session_id",
        pl.int_range(1, pl.len() + 1).over(by_session).alias("position"),
        pl.col("event_time").alias("as_of"),
        pl.col("price").fill_null(0.0).cum_sum().over(by_session).alias("spent"),
        pl.col("price").cum_max().over(by_session).alias("dearest"),
        pl.col("event_time").diff().over(by_session).dt.total_seconds().alias("seconds_since_previous"),
        (pl.col("price").fill_null(0.0) / 0.0).over(by_session).alias("nan_or_inf"),
    )


def planted(name: str, value: pl.Expr) -> Compute:
    """The honest features and one more."""
    return lambda events: honest(events).with_columns(value.alias(name))


def kept(condition: pl.Expr) -> Compute:
    """The honest features of some rows only."""
    return lambda events: honest(events).filter(condition)


LEAKS = {
    "events_in_session": planted("events_in_session", pl.len().over("session_id")),
    "seconds_to_next": planted(
        "seconds_to_next", pl.col("as_of").shift(-1).over("session_id") - pl.col("as_of")
    ),
    "spent_scaled": planted("spent_scaled", pl.col("spent") / pl.col("spent").max()),
}
EVENTS = make_events([(n % 4, 7 * n % 40, float(n * n % 17) if n % 3 else None) for n in range(80)])
ANY_EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3600), st.none() | st.floats(0, 1e6)), min_size=1, max_size=25
).map(make_events)


def test_features_that_look_back_only_are_not_accused() -> None:
    assert find_leaks(honest, EVENTS) == []


@settings(deadline=None, max_examples=30)
@given(ANY_EVENTS)
def test_no_log_makes_honest_features_look_dishonest(events: pl.DataFrame) -> None:
    assert find_leaks(honest, events, max_instants=100) == []


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_named_and_nothing_else_is(name: str) -> None:
    leaks = find_leaks(LEAKS[name], EVENTS, max_instants=5)
    assert [leak.feature for leak in leaks] == [name]
    assert leaks[0].rows > 0


@settings(deadline=None, max_examples=30)
@given(ANY_EVENTS)
def test_a_session_length_leaks_in_every_log_where_a_session_goes_on(events: pl.DataFrame) -> None:
    leaks = find_leaks(LEAKS["events_in_session"], events, max_instants=100)
    goes_on = events.group_by("session_id").agg(pl.col("event_time").n_unique())["event_time"].max() > 1
    assert [leak.feature for leak in leaks] == (["events_in_session"] if goes_on else [])


@settings(deadline=None, max_examples=30)
@given(ANY_EVENTS)
def test_the_gap_to_the_next_event_leaks_wherever_there_is_one(events: pl.DataFrame) -> None:
    leaks = find_leaks(LEAKS["seconds_to_next"], events, max_instants=100)
    goes_on = events.group_by("session_id").agg(pl.col("event_time").n_unique())["event_time"].max() > 1
    assert [leak.feature for leak in leaks] == (["seconds_to_next"] if goes_on else [])


def test_a_leak_explains_itself_with_an_example() -> None:
    events = make_events([(1, 0, 2.0), (1, 60, 3.0), (1, 60, 4.0)])
    (leak,) = find_leaks(LEAKS["events_in_session"], events)
    assert str(leak) == (
        "events_in_session sees the future: for session_id='s1', position=1 it is 3, and 1 when events after "
        "2024-01-01T23:50:00 are not there yet (2 rows in all)."
    )


def test_a_row_that_is_there_only_thanks_to_the_future_is_a_leak() -> None:
    length = pl.len().over("session_id")
    leaks = find_leaks(kept(length > 2), EVENTS, max_instants=100)
    assert [leak.feature for leak in leaks] == [ROW]
    assert (leaks[0].with_future, leaks[0].without_future) == ("there", "missing")
    (leak,) = find_leaks(kept(length < 20), EVENTS)  # in the end each session has 20 events
    assert (leak.feature, leak.with_future, leak.without_future) == (ROW, "missing", "there")


def test_the_instants_the_features_and_the_names_may_be_the_callers() -> None:
    renamed = EVENTS.rename({"event_time": "received_at"})

    def compute(events: pl.DataFrame) -> pl.DataFrame:
        return LEAKS["spent_scaled"](events.rename({"received_at": "event_time"})).rename({"as_of": "t"})

    names = {"order": "received_at", "as_of": "t"}
    instants = [START + dt.timedelta(minutes=5)]
    assert [leak.instant for leak in find_leaks(compute, renamed, instants=instants, **names)] == instants
    assert find_leaks(compute, renamed, features=["spent"], **names) == []


def test_features_without_a_key_are_refused() -> None:
    with pytest.raises(ValueError, match="several rows with the same session_id"):
        find_leaks(honest, EVENTS, key=("session_id",))


def test_a_feature_that_knows_the_label_is_suspicious_and_a_good_one_is_not() -> None:
    draws = np.random.default_rng(1)
    bought = draws.random(2000) < 0.1
    rows = pl.DataFrame(
        {
            "will_buy": bought,
            "good": bought + draws.normal(size=2000),
            "reversed": -1.0 * bought,
            "null_unless_bought": [1.0 if b else None for b in bought],
            "null_if_bought": [None if b else float(n) for n, b in enumerate(bought)],
            "flag": bought,
            "constant": 1,
        }
    )
    names = [name for name in rows.columns if name != "will_buy"]
    found = suspicious(rows, "will_buy", names)
    assert [one.feature for one in found] == ["reversed", "null_unless_bought", "null_if_bought", "flag"]
    assert str(found[0]).startswith("reversed alone has a ROC-AUC of 1.000 over 2000 rows")
    assert suspicious(rows.filter("will_buy"), "will_buy", names) == []
    assert [one.feature for one in suspicious(rows, "will_buy", ["good"], limit=0.6)] == ["good"]
