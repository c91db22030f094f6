"""What alerts come to, as checks of the asset `alerts`. Dagster concept: asset checks.

Belongs here: names of checks, and results of them from what `rs_assets.alerts` found. Does not belong here: when
they are reported (`alerts`, `alert_sensors`). Every check has a result for each log date and one for all of a run:
without the former a log date's check would look as if it was never done, without the latter the step fails.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg

from rs_assets.defs.previews import table
from rs_assets.defs.publishing import told_one_by_one
from rs_assets.log.layout import is_date

if TYPE_CHECKING:
    from rs_assets.alerts import Alert, Delivered, Published

Checks: TypeAlias = Iterator[dg.AssetCheckEvaluation | dg.AssetCheckResult]

KEY = dg.AssetKey("alerts")
DELIVERED, EVALUATED = "delivered", "evaluated"
# The names of `rs_assets.alerts.EVALUATED`, which brings polars along and is not loaded for declarations.
RULES = ("quarantine_rate", "all_bad", "new_fingerprint", "silent", "log_date_missing", "seal_broken")
SPECS = {
    **dict.fromkeys(RULES, "Passes where the rule fires for nothing; its alerts are in the metadata."),
    DELIVERED: "Every alert has reached RS_ALERT_URLS. What has not is kept, and tried again each minute.",
    EVALUATED: "The rules could be read and evaluated, and what fired was noted.",
}
WARN = dg.AssetCheckSeverity.WARN


def specs() -> list[dg.AssetCheckSpec]:
    """All of them; none blocks anything."""
    return [dg.AssetCheckSpec(name, asset=KEY, description=says) for name, says in SPECS.items()]


def results(
    found: "Published | None", delivered: "Delivered | None", trouble: str, dates: list[str]
) -> Checks:
    """The checks of a run over log dates. What could not be evaluated, or delivered, has failed.

    A log date whose alerts were kept, for all that they are made of is as it was, keeps its checks as well.
    """
    if found:
        dates = list(found.evaluations)
    for rule in RULES:
        fires = {date: _of(rule, found, date) for date in dates}
        for date in told_one_by_one(dates, [date for date in dates if fires[date] or not found]):
            yield (
                fired(rule, fires[date], date)
                if found
                else _evaluation(rule, False, {"trouble": trouble}, date)
            )
        count = sum(map(len, fires.values()))
        yield _result(rule, found is not None and not count, {"firing": count})
    undelivered = {} if delivered is None else delivered.log_dates
    reached = {date: delivered is not None and undelivered.get(date, True) for date in dates}
    for date in told_one_by_one(dates, [date for date in dates if not reached[date]]):
        yield _evaluation(DELIVERED, reached[date], delivery(delivered), date)
    yield _result(DELIVERED, delivered is not None and not delivered.waiting, delivery(delivered))
    for date in told_one_by_one(dates, dates if trouble else []):
        yield _evaluation(EVALUATED, not trouble, {"trouble": trouble or "none"}, date)
    yield _result(EVALUATED, not trouble, {"trouble": trouble or "none"})


def fired(rule: str, fires: "Sequence[Alert]", log_date: str) -> dg.AssetCheckEvaluation:
    """A rule's check on one log date."""
    shown = {"alerts": alerts_table(fires)} if fires else {}
    return _evaluation(rule, not fires, {"firing": len(fires), **shown}, log_date)


def redelivered(done: "Delivered") -> list[dg.AssetCheckEvaluation]:
    """What an attempt to deliver what waited has changed: of each log date, and of all."""
    dates = [date for date in sorted(done.log_dates) if is_date(date)]
    each = [_evaluation(DELIVERED, done.log_dates[date], delivery(done), date) for date in dates]
    return [*each, _evaluation(DELIVERED, not done.waiting, delivery(done), None)]


def alerts_table(fires: "Iterable[Alert]") -> dg.TableMetadataValue:
    """Alerts as a table of a page."""
    names = ("what", "count", "of", "sample", "place", "command")
    return table([{name: getattr(alert, name) for name in names} for alert in fires], *names)


def delivery(done: "Delivered | None") -> dict[str, Any]:
    """What became of the outbox."""
    if done is None:
        return {"problems": "not tried"}
    return {"sent": done.sent, "waiting": done.waiting, "problems": "\n".join(done.problems) or "none"}


def _of(rule: str, found: "Published | None", log_date: str) -> "list[Alert]":
    return [alert for alert in found.evaluations[log_date].alerts if alert.rule == rule] if found else []


def _evaluation(
    name: str, passed: bool, metadata: dict[str, Any], log_date: str | None
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=KEY, check_name=name, passed=passed, partition=log_date, severity=WARN, metadata=metadata
    )


def _result(name: str, passed: bool, metadata: dict[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=KEY, check_name=name, passed=passed, severity=WARN, metadata=metadata
    )
