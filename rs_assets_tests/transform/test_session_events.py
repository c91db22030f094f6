"""Sessions: where they end, what midnight does to them, and that a range is its dates one by one."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal


def by_date(run_model, events: pl.DataFrame, dates: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """session_events and sessions, built date by date, each from the one before."""
    before: dict[str, pl.DataFrame] = {}
    built, closed = [], []
    for log_date in dates:
        of_date = events.filter(pl.col("log_date") == dt.date.fromisoformat(log_date))
        found = run_model("session_events", {"valid_events": of_date}, log_date, log_date, before)
        closed.append(run_model("sessions", {"session_events": found}, log_date, log_date, before))
        before = {"session_events": found}
        built.append(found)
    return pl.concat(built), pl.concat(closed)


def together(run_model, events: pl.DataFrame, dates: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same, built at once."""
    found = run_model("session_events", {"valid_events": events}, dates[0], dates[-1])
    return found, run_model("sessions", {"session_events": found}, dates[0], dates[-1])


@pytest.mark.parametrize(("gap", "sessions"), [("10:29:59.999999", 1), ("10:30:00", 2)])
def test_thirty_minutes_of_silence_end_a_session_and_a_microsecond_less_does_not(
    run_model, valid_events, gap, sessions
):
    events = valid_events([{"at": "2024-01-01 10:00:00"}, {"at": f"2024-01-01 {gap}"}])
    found, closed = together(run_model, events, ["2024-01-01"])
    assert found["session_id"].n_unique() == sessions
    assert closed.height == sessions


def test_a_session_does_not_break_at_midnight_and_closes_on_the_date_its_silence_is_over(
    run_model, valid_events
):
    events = valid_events(
        [
            {"at": "2024-01-01 23:50:00", "name": "view_item", "item": "a", "value": 1.0},
            {"at": "2024-01-02 00:10:00", "name": "view_item", "item": "b", "value": 1.0},
            {"at": "2024-01-02 00:20:00", "name": "view_item", "item": "a", "value": 1.0},
        ]
    )
    found, closed = by_date(run_model, events, ["2024-01-01", "2024-01-02"])
    assert found["session_id"].n_unique() == 1
    (session,) = closed.iter_rows(named=True)
    assert session["log_date"] == dt.date(2024, 1, 2)
    assert (session["events"], session["product_views"], session["distinct_items"]) == (3, 3, 2)
    assert session["started_at"] == dt.datetime(2024, 1, 1, 23, 50)


def test_a_session_left_open_closes_on_the_next_date_even_if_nobody_sent_anything(run_model, valid_events):
    events = valid_events([{"at": "2024-01-01 23:45:00"}, {"at": "2024-01-01 12:00:00"}])
    for built in (by_date, together):
        _, closed = built(run_model, events, ["2024-01-01", "2024-01-02", "2024-01-03"])
        assert closed["log_date"].to_list() == [dt.date(2024, 1, 1), dt.date(2024, 1, 2)], "each once"


def test_a_session_that_closes_without_a_further_event_has_the_figures_it_was_left_open_with(
    run_model, valid_events
):
    rows = [
        {"at": "2024-01-01 23:40:00", "name": "view_item", "item": "a", "price": 2.0},
        {"at": "2024-01-01 23:41:00", "name": "add_to_cart", "item": "a", "value": 2.0},
        {"at": "2024-01-01 23:42:00", "name": "purchase", "item": "a", "value": 2.0},
        {"at": "2024-01-01 23:43:00", "name": "search"},
    ]
    dates = ["2024-01-01", "2024-01-02"]
    found, closed = by_date(run_model, valid_events(rows), dates)
    open_then = found.filter("is_open").rename({"session_position": "events"})
    assert (open_then.height, closed.height) == (1, 1)
    figures = [name for name in closed.columns if name in open_then.columns and name != "log_date"]
    assert {"revenue", "started_at", "last_purchase_position"} < set(figures)
    assert closed.select(figures).equals(open_then.select(figures))
    assert_frame_equal(together(run_model, valid_events(rows), dates)[1], closed, check_exact=True)


def test_a_session_of_many_days_keeps_its_id_and_counts_on(run_model, valid_events):
    start = dt.datetime(2024, 1, 1, 12)
    times = [start + dt.timedelta(minutes=29 * n) for n in range(150)]
    events = valid_events([{"at": str(t), "name": "purchase", "value": 1.5} for t in times])
    dates = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    _, closed = by_date(run_model, events, dates)
    (session,) = closed.iter_rows(named=True)
    assert (session["events"], session["transactions"], session["revenue"]) == (150, 150, 225.0)
    assert session["last_purchase_position"] == 150


def test_an_event_that_comes_days_late_stands_apart_and_tears_no_session(run_model, valid_events):
    events = valid_events(
        [
            {"at": "2024-01-02 23:50:00"},
            {"at": "2024-01-01 09:00:00", "received": "2024-01-03 00:05:00"},
            {"at": "2024-01-01 09:10:00", "received": "2024-01-03 00:05:01"},
            {"at": "2024-01-03 00:10:00"},
        ]
    )
    found, closed = by_date(run_model, events, ["2024-01-02", "2024-01-03"])
    assert sorted(closed["events"].to_list()) == [2, 2]
    late = found.filter(pl.col("event_time") < dt.datetime(2024, 1, 2))
    assert late["closes_session"].to_list() == [False, True]


def test_an_event_a_little_late_over_midnight_stays_in_its_session(run_model, valid_events):
    events = valid_events(
        [
            {"at": "2024-01-01 23:58:00"},
            {"at": "2024-01-01 23:59:59", "received": "2024-01-02 00:00:02"},
            {"at": "2024-01-02 00:01:00"},
        ]
    )
    found, _ = by_date(run_model, events, ["2024-01-01", "2024-01-02"])
    assert found["session_id"].n_unique() == 1


def test_sites_and_clients_have_sessions_of_their_own(run_model, valid_events):
    at = "2024-01-01 10:00:00"
    events = valid_events(
        [{"at": at}, {"at": at, "client": "c2"}, {"at": at, "site": "other"}, {"at": at, "client": "c2"}]
    )
    assert together(run_model, events, ["2024-01-01"])[0]["session_id"].n_unique() == 3


def test_every_valid_event_is_there_once_in_its_order_and_dbts_own_tests_say_so(run_model, valid_events):
    rows = [{"at": f"2024-01-01 {h % 24:02d}:{h % 60:02d}:00", "client": f"c{h % 3}"} for h in range(5_000)]
    events = valid_events([{**row, "id": f"s:{n}"} for n, row in enumerate(rows)])
    found = run_model("session_events", {"valid_events": events}, "2024-01-01", "2024-01-01", tests=True)
    assert found["event_id"].to_list() == events["event_id"].to_list()
    same = ["site", "client_id", "event_time", "received_at", "event_name"]
    assert found.select(same).equals(events.select(same))


def test_events_of_one_instant_are_in_the_order_of_the_log(run_model, valid_events):
    events = valid_events([{"at": "2024-01-01 10:00:00", "id": f"s:1:{n}"} for n in range(12)])
    found, _ = together(run_model, events, ["2024-01-01"])
    assert found["session_position"].to_list() == list(range(1, 13)), (
        "not that of ids as text, where 10 is before 2"
    )
    assert found["session_id"].unique().to_list() == ["s:1:0"]


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "minute": st.integers(0, 3 * 24 * 60 - 1),
            "late": st.sampled_from([0, 0, 0, 1, 40, 2000]),
            "client": st.sampled_from(["c1", "c2"]),
            "name": st.sampled_from(
                ["view_item", "add_to_cart", "remove_from_cart", "purchase", "page_view"]
            ),
            "value": st.sampled_from([0.1, 0.2, 19.99, 1e11]),
            "item": st.sampled_from(["a", "b", "c"]),
        }
    ),
    min_size=4,
    max_size=25,
)


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(EVENTS)
def test_a_range_is_its_dates_one_by_one_and_no_row_knows_a_later_date(run_model, valid_events, drawn):
    start = dt.datetime(2024, 1, 1)
    rows = []
    for event in drawn:
        at = start + dt.timedelta(minutes=event["minute"])
        received = min(at + dt.timedelta(minutes=event["late"]), dt.datetime(2024, 1, 3, 23, 59))
        rows.append({**event, "at": str(at), "received": str(received), "price": event["value"]})
    events = valid_events(rows).sort("log_date", maintain_order=True)
    dates = ["2024-01-01", "2024-01-02", "2024-01-03"]
    at_once = together(run_model, events, dates)
    for one, other in zip(at_once, by_date(run_model, events, dates), strict=True):
        assert_frame_equal(one, other, check_exact=True)
    # Those of the first two dates are what they were before the third came.
    sooner = together(run_model, events.filter(pl.col("log_date") < dt.date(2024, 1, 3)), dates[:2])
    for one, other in zip(sooner, at_once, strict=True):
        assert_frame_equal(one, other.filter(pl.col("log_date") < dt.date(2024, 1, 3)), check_exact=True)


def test_what_a_scorer_notes_of_its_answers_is_no_event_of_a_session(run_model, valid_events):
    at, later = "2024-01-01 10:00:00", "2024-01-01 10:20:00"
    own = [{"at": at, "name": "view_item", "item": "a", "value": 1.0}, {"at": "2024-01-01 10:40:00"}]
    noted = [{"at": later, "name": name, "item": "b"} for name in ("shadow_recommendation", "shadow_intent")]
    events = valid_events([own[0], *noted, own[1]])
    found = run_model("session_events", {"valid_events": events}, "2024-01-01", "2024-01-01", tests=True)
    assert found["event_name"].to_list() == ["view_item", "page_view"]
    assert found["session_id"].n_unique() == 2
    assert run_model("item_stats", {"valid_events": events}, "2024-01-01", "2024-01-01")[
        "item_id"
    ].to_list() == ["a"]


def test_a_session_that_is_open_at_midnight_has_a_snapshot_as_it_stood_then(run_model, valid_events):
    rows = [{"at": f"2024-01-01 23:5{n}:00", "name": "view_item", "item": "a"} for n in range(7)]
    rows += [{"at": f"2024-01-02 00:0{n}:00", "name": "search"} for n in range(5)]
    events, _ = together(run_model, valid_events(rows), ["2024-01-01", "2024-01-02"])
    tables = {"session_events": events}
    found = run_model("session_features", tables, "2024-01-01", "2024-01-02", tests=True)
    assert [*found.select("position", "is_open").iter_rows()] == [
        (3, False),
        (5, False),
        (7, True),
        (10, False),
    ]
    assert found["recent_events"].to_list()[2:] == [
        " ".join(["view_item"] * 5),
        "view_item view_item search search search",
    ]


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1", "mobile"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36", "mobile"),
        ("Mozilla/5.0 (Linux; Android 14; SM-X710) Chrome/120.0 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Mobile/15E148 Safari/604.1", "tablet"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36", "desktop"),
        (None, None),
    ],
)
def test_a_session_has_the_device_of_its_first_event_over_midnight_too(
    run_model, valid_events, agent, device
):
    rows = [{"at": "2024-01-01 23:50:00"}, {"at": "2024-01-02 00:05:00"}]
    events = valid_events(rows).with_columns(user_agent=pl.Series([agent, "another one's"], dtype=pl.String))
    _, closed = by_date(run_model, events, ["2024-01-01", "2024-01-02"])
    assert closed["device"].to_list() == [device]
