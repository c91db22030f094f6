"""Rules about what is not there: counts in, alerts out."""

from __future__ import annotations

from rs_assets.alerts import late, load_rules
from rs_assets_tests.alerts.tables import TODAY, WEEK, fires, judged, usual

OTHER = (TODAY, "other", "page_view", 100, 0)


def test_a_site_that_fell_silent_fires_once_and_not_for_each_of_its_event_types():
    volumes = [*usual(), *usual(name="purchase"), *usual(site="other"), OTHER]
    (alert,) = judged(volumes).alerts
    assert alert.fingerprint == "silent/shop"
    assert alert.what == "shop sent nothing on 2024-01-08; on the 7 log dates before, 1,400 events."


def test_an_event_type_that_fell_silent_fires_while_its_site_speaks():
    volumes = [*usual(), *usual(name="purchase"), (TODAY, "shop", "page_view", 100, 0)]
    assert fires(volumes) == ["silent/shop/purchase"]


def test_an_event_type_that_is_quarantined_is_not_silent():
    volumes = [*usual(valid=0, bad=20), (TODAY, "shop", "page_view", 0, 1), (TODAY, "shop", "x", 100, 0)]
    assert fires(volumes) == []


def test_who_was_silent_on_one_of_the_log_dates_before_does_not_fall_silent():
    assert fires([*usual()[1:], *usual(site="other"), OTHER]) == []


def test_a_rare_event_type_is_absent_by_chance():
    speaks = (TODAY, "shop", "page_view", 100, 0)
    assert fires([*usual(), *usual(name="purchase", valid=14), speaks]) == []
    assert fires([*usual(), *usual(name="purchase", valid=15), speaks]) == ["silent/shop/purchase"]


def test_a_young_lake_knows_no_silence():
    assert fires([*usual()[1:], OTHER], before=tuple(WEEK[1:])) == []


def test_a_silence_is_over_when_something_is_heard_and_not_when_the_week_has_passed():
    still = judged([OTHER])
    assert not still.is_over("silent/shop") and not still.is_over("silent/shop/purchase")
    heard = judged([OTHER, (TODAY, "shop", "purchase", 0, 3)])
    assert heard.is_over("silent/shop") and heard.is_over("silent/shop/purchase")
    assert not heard.is_over("silent/shop/page_view")


def test_a_log_date_of_which_nothing_was_received_fires():
    (alert,) = judged([], segments=0, before=()).alerts
    assert alert.fingerprint == "log_date_missing/received"
    assert alert.place == f"site=*/log_date={TODAY}"


def test_a_log_date_that_is_not_published_fires_and_is_judged_by_no_other_rule():
    found = fires(usual(), published=frozenset(WEEK))
    assert found == [f"log_date_missing/published/{TODAY}"]


def test_a_gap_fires_on_the_log_date_after_it_and_is_over_when_it_is_filled():
    gap = frozenset({*WEEK[:-1], TODAY})
    speaks = [*usual(), (TODAY, "shop", "page_view", 100, 0)]
    assert fires(speaks, published=gap) == [f"log_date_missing/published/{WEEK[-1]}"]
    assert not judged(speaks, published=gap).is_over(f"log_date_missing/published/{WEEK[-1]}")
    assert judged(speaks).is_over(f"log_date_missing/published/{WEEK[-1]}")
    assert fires(speaks, published=frozenset({TODAY}), before=()) == [], "before the first there is no gap"


def test_an_expected_log_date_is_late_until_it_is_published():
    rules = load_rules()
    alert = late(rules, WEEK, TODAY)
    assert alert is not None and alert.log_date == TODAY
    assert late(rules, [*WEEK, TODAY], TODAY) is None


def test_nothing_of_a_lake_that_is_history_is_late():
    assert late(load_rules(), WEEK, "2024-01-15") is None
    assert late(load_rules(), WEEK, "2024-01-14") is not None
    assert late(load_rules(), [], TODAY) is None
