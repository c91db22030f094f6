"""Rules about quarantine: counts in, alerts out."""

from __future__ import annotations

from rs_assets_tests.alerts.tables import TODAY, WEEK, facts, fault, fires, judged, usual


def test_a_usual_log_date_fires_nothing():
    assert fires([*usual(bad=2), (TODAY, "shop", "page_view", 100, 2)]) == []


def test_a_rate_above_the_threshold_fires_with_its_count_and_of_how_many():
    volumes = [(TODAY, "shop", "page_view", 70, 10), (TODAY, "shop", "purchase", 5, 15)]
    faults = [
        fault(date, code=c, count=n)
        for date in (WEEK[0], TODAY)
        for c, n in (("FIELD_MISSING", 15), ("X", 10))
    ]
    (alert,) = judged(volumes, faults).alerts
    assert (alert.fingerprint, alert.count, alert.of) == ("quarantine_rate/shop", 25, 100)
    assert alert.what.startswith("25.0% of the events of shop")
    assert alert.sample == "params.value is required and is not there", "the most frequent fault's"
    assert alert.place.startswith("shop/2024-01-08/")
    assert alert.command == f"rs-assets quarantine --site shop --from {TODAY} --to {TODAY}"


def test_a_rate_far_above_the_sites_own_baseline_fires_and_says_what_that_is():
    volumes = [*usual(valid=99, bad=1), (TODAY, "shop", "page_view", 95, 5)]
    (alert,) = judged(volumes).alerts
    assert alert.what.endswith(
        "5.0% of the events of shop on 2024-01-08 are quarantined; before, it was 1.0%."
    )
    assert fires([*usual(valid=97, bad=3), (TODAY, "shop", "page_view", 95, 5)]) == []


def test_another_sites_baseline_does_not_count():
    volumes = [
        *usual(site="bad", valid=90, bad=10),
        *usual(site="good"),
        (TODAY, "bad", "page_view", 90, 10),
        (TODAY, "good", "page_view", 90, 10),
    ]
    assert fires(volumes) == ["quarantine_rate/good"]


def test_a_baseline_of_two_log_dates_is_none():
    assert fires([*usual()[:2], (TODAY, "shop", "page_view", 90, 10)]) == []


def test_few_events_are_not_judged_by_their_rate():
    assert fires([(TODAY, "shop", "page_view", 1, 48)]) == []
    assert fires([(TODAY, "shop", "page_view", 1, 49)]) == ["quarantine_rate/shop"]


def test_a_site_of_which_all_is_bad_fires_once_and_not_for_its_rate_as_well():
    assert fires([(TODAY, "shop", "page_view", 0, 60)]) == ["all_bad/shop"]
    assert fires([(TODAY, "shop", "page_view", 0, 9)]) == []
    assert fires([(TODAY, "shop", "page_view", 0, 60), (TODAY, "shop", "purchase", 300, 0)]) == []


def test_a_fingerprint_never_seen_fires_with_its_place_and_the_command_to_look_closer():
    (alert,) = judged([(TODAY, "shop", "purchase", 991, 9)], [fault()]).alerts
    assert alert.fingerprint == "new_fingerprint/shop/purchase/FIELD_MISSING/params.value"
    assert (alert.count, alert.of, alert.log_date) == (9, 1000, TODAY)
    assert alert.command.endswith("--reason FIELD_MISSING")
    assert alert.place == "shop/2024-01-08/000001.ndjson:3:0"


def test_what_was_seen_before_is_not_new_however_long_ago():
    volumes = [(TODAY, "shop", "purchase", 991, 9)]
    assert fires(volumes, [fault(), fault(WEEK[3])]) == []
    assert fires(volumes, [fault()], known=[("shop", "purchase", "FIELD_MISSING", "params.value", 5)]) == []


def test_what_cannot_name_its_event_is_known_by_its_other_parts():
    volumes, here = [(TODAY, "shop", None, 991, 9)], {"event_name": None, "path": ""}
    assert fires(volumes, [fault(**here)]) == ["new_fingerprint/shop/-/FIELD_MISSING/-"]
    assert fires(volumes, [fault(**here), fault(WEEK[0], **here)]) == []


def test_the_same_fault_at_another_site_is_new_there():
    volumes = [(TODAY, site, "purchase", 991, 9) for site in ("a", "b")]
    found = fires(volumes, [fault(site="a"), fault(site="b"), fault(WEEK[0], site="a")])
    assert found == ["new_fingerprint/b/purchase/FIELD_MISSING/params.value"]


def test_on_a_lakes_first_log_date_nothing_is_new():
    assert fires([(TODAY, "shop", "purchase", 991, 9)], [fault()], before=()) == []


def test_a_handful_of_earlier_events_is_less_than_knowing_it():
    volumes = [(TODAY, "shop", "purchase", 991, 9)]
    assert len(fires(volumes, [fault(), fault(WEEK[0], count=4)])) == 1
    assert fires(volumes, [fault(), fault(WEEK[0], count=4), fault(WEEK[1], count=1)]) == []
    assert fires(volumes, [fault(count=4)]) == []


def test_a_flood_of_new_event_names_is_ten_alerts_and_one_about_the_others():
    faults = [fault(event_name=f"e{n:04}", code="EVENT_UNKNOWN", count=9999 - n) for n in range(5000)]
    alerts = judged([(TODAY, "shop", "page_view", 10**9, 10)], faults).alerts
    assert len(alerts) == 11
    assert "4,990 other fingerprints" in next(a for a in alerts if a.fingerprint.endswith("others")).what


def test_an_alert_tells_nobody_who_sent_an_event():
    who = "anna.b+x@mail.example"
    faults = [
        fault(
            event_name=who,
            path="params.1234567890.1700000000",
            sample=f"{who} of 203.0.113.7, 2001:db8::8a2e:370:7334 \x1b[31m, 550e8400-e29b-41d4-a716-446655440000",
        )
    ]
    (alert,) = judged([(TODAY, "shop", who, 991, 9)], faults).alerts
    said = alert.what + alert.body + alert.fingerprint
    for secret in ("anna", "example", "203.0", "2001:db8", "550e8400", "1700000000", "\x1b"):
        assert secret not in said
    assert facts([]).log_date in said


def test_sites_whose_names_look_like_tokens_are_told_apart():
    sites = ["brand-shop-number-1", "brand-shop-number-2"]
    assert fires([(TODAY, site, "page_view", 0, 60) for site in sites]) == [
        f"all_bad/{site}" for site in sites
    ]
