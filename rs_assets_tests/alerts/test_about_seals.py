"""The rule about the raw log itself: what is broken in, alerts out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from rs_assets.alerts import Desk, Ledger, Rule, broken_seals, load_rules, publish_alerts
from rs_assets.alerts.facts import Reader
from rs_assets.alerts.rules import SealBroken
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.seals import Broken
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets.log.writer import LogWriter
from rs_assets_tests.alerts.tables import TODAY, alert, fires, judged
from rs_assets_tests.lakes import through

RULES = load_rules()
DATES = [f"2024-01-0{n}" for n in range(1, 7)]


def broken(log_date: str = TODAY, name: str = "000001.ndjson") -> Broken:
    return Broken(log_date, "segment_missing", f"site=a:b/log_date={log_date}/{name}", "9 bytes", "nothing")


def test_a_log_date_has_one_alert_that_names_the_first_and_counts_all():
    found = broken_seals(RULES, [broken(name="2.ndjson"), broken("2024-01-01"), broken(name="1.ndjson")])
    assert [(alert.log_date, alert.count) for alert in found] == [("2024-01-01", 1), (TODAY, 2)]
    assert found[1].fingerprint == f"seal_broken/{TODAY}"
    assert found[1].what == f"The raw log of {TODAY} is not what was sealed."
    assert found[1].place == f"site=a:b/log_date={TODAY}/1.ndjson"
    assert found[1].sample == f"{found[1].place}: sealed 9 bytes; found nothing."
    assert found[1].command == f"rs-assets verify --from {TODAY} --to {TODAY}"


def test_a_rule_that_is_not_enabled_says_nothing():
    assert broken_seals(replace(RULES, seal_broken=SealBroken(enabled=False)), [broken()]) == []


def test_a_broken_seal_fires_even_where_nothing_is_published():
    speaks = [(TODAY, "shop", "page_view", 100, 0)]
    assert f"seal_broken/{TODAY}" in fires(speaks, broken=(broken(),))
    assert f"seal_broken/{TODAY}" in fires([], published=frozenset(), broken=(broken(),))


def test_only_the_log_date_itself_can_say_that_its_seal_holds_again():
    holds = judged([(TODAY, "shop", "page_view", 100, 0)])
    assert holds.is_over(f"seal_broken/{TODAY}") and not holds.is_over("seal_broken/2024-01-07")


@pytest.fixture
def log(tmp_path: Path) -> RawLog:
    """Six sealed log dates, of which all but two are broken, each in its own way."""
    writer = LogWriter(str(tmp_path / "raw"), "none")
    for log_date in DATES:
        for line in (b"{}\n", b"[]\n"):
            writer.write("shop", log_date, line)
    seal_log_dates(writer.log, dt.date(2024, 2, 1))
    paths = [Path(writer.log.segments(log_date)[0].path) for log_date in DATES]
    paths[0].unlink()
    paths[2].write_bytes(b"longer than it was")
    seals = tmp_path / "raw" / "_seals"
    (seals / f"log_date={DATES[3]}.json").write_bytes(b"{")
    (seals / f"log_date={DATES[4]}.json").unlink()
    return RawLog(str(tmp_path / "raw"))


def test_a_range_finds_of_each_log_date_what_it_finds_alone(log, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    together = Reader(lake, log, 7, 5, DATES)
    found = {date: together.read(date).broken for date in DATES}
    assert found == {date: Reader(lake, log, 7, 5, [date]).read(date).broken for date in DATES}
    assert {date: [one.kind for one in found[date]] for date in DATES} == {
        DATES[0]: ["segment_missing"],
        DATES[1]: [],
        DATES[2]: ["segment_changed"],
        DATES[3]: ["seal_malformed"],
        DATES[4]: ["seal_missing"],
        DATES[5]: [],
    }


def test_the_table_of_alerts_names_each_log_date_whose_seal_is_broken(log, tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    done = through(lake, lambda stage: publish_alerts(stage, log, RULES, DATES))
    of = [date for date in DATES for a in done.evaluations[date].alerts if a.rule == Rule.SEAL_BROKEN]
    assert of == [DATES[0], DATES[2], DATES[3], DATES[4]]


def test_what_fires_is_said_once_and_again_after_it_was_over(tmp_path):
    desk = Desk(Ledger(str(tmp_path), "prod"), RULES, "prod", ("json://127.0.0.1:9",))

    def told(*dates: str) -> list[tuple[str, str]]:
        found = desk.tell_all(Rule.SEAL_BROKEN, broken_seals(RULES, map(broken, dates)))
        return [(notice.state, notice.alert.fingerprint.partition("/")[2]) for notice in found]

    one, two = DATES[:2]
    assert told(one) == [("firing", one)]
    assert told(one, two) == [("firing", two)]
    assert told(two) == [("over", one)]
    assert told(one) == [("firing", one), ("over", two)]
    assert told() == [("over", one)]
    assert told() == []


def test_rules_that_are_judged_elsewhere_are_left_alone(tmp_path):
    desk = Desk(Ledger(str(tmp_path), "prod"), RULES, "prod", ())
    desk.tell(alert())
    assert desk.tell_all(Rule.SEAL_BROKEN, []) == []
    assert list(desk.firing()) == ["all_bad/shop"]
