"""What a step tells Dagster: enough for a person, and not a row of anything."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rs_assets.defs import alert_checks, publishing
from rs_assets.defs.publishing import ONE_BY_ONE, announce, told_one_by_one

MANY = [f"2024-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)]


def test_each_log_date_of_a_month_has_its_results_and_of_a_longer_run_those_that_failed() -> None:
    assert told_one_by_one(MANY[:ONE_BY_ONE], []) == MANY[:ONE_BY_ONE]
    assert told_one_by_one(MANY, []) == []
    assert told_one_by_one(MANY, MANY[3:5]) == MANY[3:5]


def test_every_alert_check_has_a_result_of_the_run_however_long_it_is() -> None:
    from rs_assets.alerts import Alert, Delivered, Published, Rule
    from rs_assets.alerts.evaluate import Evaluation

    fires = Alert(Rule.ALL_BAD, "all_bad/shop", MANY[7], "Every event of shop is quarantined.")
    found = Published({d: Evaluation(d, (fires,) if d == MANY[7] else ()) for d in MANY}, MANY[-1])
    results = list(alert_checks.results(found, Delivered(), "", MANY))
    by_date = [r for r in results if getattr(r, "partition", None)]
    assert [(r.check_name, r.partition, r.passed) for r in by_date] == [("all_bad", MANY[7], False)]
    assert {r.check_name for r in results} == set(alert_checks.SPECS)


def test_progress_is_told_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    now = iter([0.0, 0.0, 0.5, 1.2, 1.2, 1.3])
    monkeypatch.setattr(publishing.time, "monotonic", lambda: next(now))
    context: Any = SimpleNamespace(log=SimpleNamespace(info=said.append))
    on_date = announce(context, "sessions", MANY)
    for log_date in MANY[:4]:
        on_date(log_date)
    assert said == ["sessions: 2024-01-01 (1 of 56)", "sessions: 2024-01-03 (3 of 56)"]
