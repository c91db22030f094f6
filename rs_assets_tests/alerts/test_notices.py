"""What is said: once a fingerprint and log date, once more when it is over, and nothing about the past."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_assets.alerts import Desk, Ledger, load_rules
from rs_assets_tests.alerts.tables import alert, day, evaluation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Ledger(str(tmp_path), "prod"), load_rules(), "prod", ("json://127.0.0.1:9",))


def said(desk: Desk, *evaluations, newest: str | None = None) -> list[tuple[str, str, str]]:
    notices = desk.settle(evaluations, newest or evaluations[-1].log_date)
    return [(n.state, n.alert.fingerprint, n.alert.log_date) for n in notices]


def test_a_fingerprint_is_said_once_a_log_date(desk):
    fires = evaluation(day(1), alert(date=day(1)))
    assert said(desk, fires) == [("firing", "all_bad/shop", day(1))]
    assert said(desk, fires) == []
    assert said(desk, evaluation(day(2), alert(date=day(2)))) == [("firing", "all_bad/shop", day(2))]


def test_when_it_ends_that_is_said_once(desk):
    said(desk, evaluation(day(1), alert(date=day(1))))
    assert said(desk, evaluation(day(2))) == [("over", "all_bad/shop", day(2))]
    assert said(desk, evaluation(day(2))) == []
    assert said(desk, evaluation(day(3))) == []


def test_a_replay_of_old_log_dates_says_nothing(desk):
    week = [evaluation(day(n), alert(date=day(n))) for n in range(7)]
    assert len(said(desk, *week)) == 4, "the newest and three before it"
    assert said(desk, *week) == []
    other = evaluation(day(5), alert("other", day(5)))
    assert said(desk, other, newest=day(6)) == [], "not even what the replay found anew"
    assert said(desk, evaluation(day(5)), newest=day(6)) == [], "nor that it found it ended"


def test_a_log_date_mended_by_a_replay_of_it_is_over(desk):
    said(desk, evaluation(day(1), alert(date=day(1))))
    assert said(desk, evaluation(day(1))) == [("over", "all_bad/shop", day(1))]


def test_the_first_evaluation_of_a_long_history_says_nothing_about_it(desk):
    history = [evaluation(day(n), alert(date=day(n))) for n in range(30)]
    assert {date for _, _, date in said(desk, *history, evaluation(day(30)))} == {
        day(n) for n in range(27, 31)
    }


def test_how_old_is_told_by_the_lake_and_not_by_the_clock(desk):
    assert said(desk, evaluation(day(1), alert(date=day(1))), newest=day(4)) != []
    other = evaluation(day(2), alert("other", day(2)))
    assert said(desk, other, newest=day(6)) == []


def test_what_was_never_said_is_not_said_to_be_over(desk):
    said(desk, evaluation(day(1), alert(date=day(1))), newest=day(9))
    assert said(desk, evaluation(day(2)), newest=day(2)) == []


def test_an_environment_that_is_not_to_send_says_it_and_sends_nothing(tmp_path):
    ledger = Ledger(str(tmp_path), "dev")
    desk = Desk(ledger, load_rules(), "dev", ("json://127.0.0.1:9",))
    assert len(said(desk, evaluation(day(1), alert(date=day(1))))) == 1
    assert ledger.waiting() == []
    assert Ledger(str(tmp_path), "prod").said().statements == ()


def test_a_line_of_the_ledger_that_a_crash_cut_short_spoils_no_other(desk, tmp_path):
    said(desk, evaluation(day(1), alert(date=day(1))))
    lines = tmp_path / "prod" / "ledger.ndjson"
    lines.write_bytes(lines.read_bytes() + b'{"fingerprint":"all_b')
    assert said(desk, evaluation(day(2), alert(date=day(2)))) == [("firing", "all_bad/shop", day(2))]
    assert said(desk, evaluation(day(2), alert(date=day(2)))) == []


def test_a_crash_between_outbox_and_ledger_says_nothing_twice(desk, monkeypatch):
    import os

    fires = evaluation(day(1), alert(date=day(1)))
    with monkeypatch.context() as crash:
        crash.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("killed")))
        crash.setattr("builtins.open", _fails_for_the_ledger(open))
        with pytest.raises(OSError):
            said(desk, fires)
    assert len(desk.ledger.waiting()) == 1
    said(desk, fires)
    assert len(desk.ledger.waiting()) == 1


def _fails_for_the_ledger(real):
    def opened(path, mode="r", *args, **kwargs):
        if "ledger.ndjson" in str(path):
            raise OSError("killed")
        return real(path, mode, *args, **kwargs)

    return opened


def test_an_alert_that_no_evaluation_found_is_said_once_and_its_end_as_well(desk):
    assert len(desk.tell(alert())) == 1
    assert desk.tell(alert()) == []
    assert len(desk.end("all_bad/shop", day(8))) == 1
    assert desk.end("all_bad/shop", day(8)) == []
