"""Trying a repair: which log dates, and what is to be done after it.

Belongs here: from the call to a trial and its advice. Does not belong here: finding the repair (`named`), the
trial (`rs_assets.contract.repairs.trial`), the page (`tried`).
"""

from __future__ import annotations

import datetime as dt

from rs_assets.cli.progress import bar
from rs_assets.cli.quarantine.named import named
from rs_assets.cli.quarantine.tried import Tried, dates_of, show
from rs_assets.contract import repairs
from rs_assets.contract.repairs.repair import Repair
from rs_assets.contract.repairs.trial import trial
from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.settings import Settings


def try_out(
    settings: Settings, name: str, first: dt.date | None, last: dt.date | None, *, json: bool
) -> None:
    """Try the repair that a person named on the raw log, and print what it would move.

    Raises:
        typer.BadParameter: there is no such repair.
        UserError: it holds for no log date in the range, a segment cannot be read, or events were lost.
    """
    repair = named(name)
    log = RawLog(settings.raw_log, settings.sites)
    closed = _closed(log, settings.first_log_date)
    holds = [log_date for log_date in closed if repair.in_force(log_date)]
    dates = [d for d in holds if str(first or d) <= d <= str(last or d)]
    if not dates:
        raise UserError(
            f"The repair {repair.label} holds for no closed log date of the raw log in that range.",
            f"It holds for {dates_of(repair)}; the log has {closed[0]} to {closed[-1]}.",
        )
    with bar(f"Trying {repair.label}") as move:
        outcome = trial(log, dates, repair, repairs=repairs.REPAIRS, progress=move)
    useful = outcome.moved and not outcome.broken and outcome.conserved
    # To the log's end: later dates are built on those before (sessions go on, models learn from them).
    replay = f"rs-assets replay --from {holds[0]} --to {closed[-1]}"
    untried = len(holds) - len(dates)
    tried = Tried(repair, outcome, log.root, _listed(repair.name), untried, replay if useful else None)
    show(tried, json=json)
    if not outcome.conserved:
        raise UserError(
            f"The splits with {repair.label} and without it do not have the same events, each once.",
            "That is a fault of rs_assets, or the log was written to meanwhile. Do not use the repair.",
        )


def _closed(log: RawLog, begin: str | None) -> list[str]:
    """The log dates that a replay can have: one that is still written to would differ between the two splits."""
    log.require()
    today = dt.datetime.now(dt.UTC).date().isoformat()
    found = [log_date for log_date in log.log_dates() if (begin or "") <= log_date < today]
    if not found:
        raise UserError(
            f"The raw log at {log.root} has no closed log date yet.",
            "Write one with `rs-assets generate` or `rs-assets import`; today's log date closes at midnight UTC.",
        )
    return found


def _listed(name: str) -> Repair | None:
    return next((repair for repair in repairs.REPAIRS if repair.name == name), None)
