"""Facts as tests write them: a few rows of counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from rs_assets.alerts import Alert, Rule, load_rules
from rs_assets.alerts.counts import FAULTS, KNOWN, VOLUMES
from rs_assets.alerts.evaluate import Evaluation, evaluate
from rs_assets.alerts.facts import Facts

TODAY = "2024-01-08"
WEEK = [f"2024-01-0{n}" for n in range(1, 8)]

Volume = tuple[str, str, "str | None", int, int]
Fault = tuple[str, str, "str | None", str, str, int, str, str]


def usual(*, site: str = "shop", name: str = "page_view", valid: int = 100, bad: int = 0) -> list[Volume]:
    """The same counts on each log date of the week before."""
    return [(date, site, name, valid, bad) for date in WEEK]


def fault(date: str = TODAY, **but: Any) -> Fault:
    """A row of FAULTS."""
    row = {
        "log_date": date,
        "site": "shop",
        "event_name": "purchase",
        "code": "FIELD_MISSING",
        "path": "params.value",
        "count": 9,
        "place": "shop/2024-01-08/000001.ndjson:3:0",
        "sample": "params.value is required and is not there",
    }
    return tuple((row | but).values())  # type: ignore[return-value]


def facts(volumes: list[Volume], faults: list[Fault] = [], **but: Any) -> Facts:  # noqa: B006
    """Facts of TODAY, every log date of the week before published."""
    before = but.pop("before", tuple(WEEK))
    return Facts(
        but.pop("log_date", TODAY),
        before,
        but.pop("published", frozenset((*before, TODAY))),
        but.pop("segments", 1),
        pl.DataFrame(volumes, schema=VOLUMES, orient="row"),
        pl.DataFrame(faults, schema=FAULTS, orient="row"),
        pl.DataFrame(but.pop("known", []), schema=KNOWN, orient="row"),
        but.pop("broken", ()),
    )


def judged(*args: Any, **but: Any) -> Evaluation:
    """The evaluation of `facts(…)` by the defaults."""
    return evaluate(load_rules(), facts(*args, **but))


def fires(*args: Any, **but: Any) -> list[str]:
    """The fingerprints of the same."""
    return [alert.fingerprint for alert in judged(*args, **but).alerts]


def alert(name: str = "shop", date: str = TODAY, **but: Any) -> Alert:
    """An alert about a site."""
    what = f"All of {name} is wrong on {date}."
    return Alert(Rule.ALL_BAD, f"all_bad/{name}", date, what, name, 7, 7, "too bad", "shop/1", "look", **but)


def evaluation(date: str, *alerts: Alert) -> Evaluation:
    """An evaluation with these alerts."""
    return Evaluation(date, alerts, frozenset({date}))


def day(n: int) -> str:
    """The n-th log date of a year."""
    return (dt.date(2024, 1, 1) + dt.timedelta(days=n)).isoformat()
