"""`rs-assets quarantine`: what did not pass the contract, where, and why.

Belongs here: the command, its refusals, and which tables of the lake it reads. Does not belong here: counting and
explaining (`rs_assets.contract.report`), pages (`page`, `explain`), trying a repair (`trying`).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from rs_assets.cli import options
from rs_assets.errors import UserError

if TYPE_CHECKING:
    import duckdb

    from rs_assets.contract.report.asked import Asked
    from rs_assets.contract.report.counted import Report
    from rs_assets.lake import Lake
    from rs_assets.settings import Settings

ASSET, VALID = "quarantined_events", "valid_events"


def _known_reasons(codes: list[str] | None) -> list[str] | None:
    from rs_assets.contract.codes import Code

    for code in codes or []:
        if code not in set(Code):
            raise typer.BadParameter(f"there is no reason {code!r}; there are {', '.join(Code)}.")
    return codes


def quarantine(
    first: options.From = None,
    last: options.To = None,
    site: options.Sites = None,
    reason: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", callback=_known_reasons, help="Only this reason code. May be repeated."),
    ] = None,
    samples: Annotated[int, typer.Option(min=0, help="How many examples of each reason, redacted.")] = 3,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="QUARANTINE_ID",
            help="Show one quarantined event whole, as it was sent, and what would make it valid.",
        ),
    ] = None,
    try_repair: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Show what a repair would move, before you replay: its name, or module:attribute or "
            "my_repairs.py:FIX for one that is not in force yet. Splits the raw log twice; publishes nothing.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show what was quarantined: how much, why, since when, and examples with their exact place in the log.

    Nothing in quarantine is lost. Mend the sender, or change the contract or add a repair, and replay: what is
    valid by then moves to valid_events.
    """
    from rs_assets.cli.quarantine import page
    from rs_assets.cli.quarantine.explain import show
    from rs_assets.contract.report.asked import Asked
    from rs_assets.lake import Lake, views
    from rs_assets.settings import Settings

    settings = Settings.from_env()
    if first and last and first > last:
        raise typer.BadParameter(f"{first} is after {last}.", param_hint="--from, --to")
    if try_repair is not None:
        from rs_assets.cli.quarantine.trying import try_out

        if explain is not None or site or reason:
            raise typer.BadParameter("it goes with --from, --to and --json only.", param_hint="--try-repair")
        try_out(settings, try_repair, first, last, json=json)
        return
    lake = Lake(settings.lake, settings.environment)
    _require_published(lake, settings)
    connection = views.connect(lake)
    if explain is not None:
        show(connection, lake, explain, json=json)
        return
    asked = Asked(first, last, tuple(site or ()), tuple(reason or ()), samples)
    dates = _log_dates(lake, asked)
    if not dates:
        there = lake.log_dates(ASSET)
        raise UserError(
            f"The environment {lake.environment} has no log date in that range.",
            f"It has {there[0]} to {there[-1]}.",
        )
    report = views.stoppable(connection, lambda: _report(connection, asked, dates))
    page.show(report, lake.environment, asked, json=json)


def _log_dates(lake: Lake, asked: Asked) -> list[dt.date]:
    """The published log dates in question."""
    dates = (dt.date.fromisoformat(log_date) for log_date in lake.log_dates(ASSET))
    return [d for d in dates if (asked.first or d) <= d <= (asked.last or d)]


def _report(connection: duckdb.DuckDBPyConnection, asked: Asked, dates: list[dt.date]) -> Report:
    from rs_assets.contract.report import queries, summary
    from rs_assets.lake.views import names

    # Where an environment has no valid events, nothing was received but what is in quarantine.
    there = VALID in names(connection)
    valid = connection.view(VALID) if there else connection.view(ASSET).limit(0)
    received = summary.received(connection, queries.asked_for(valid, asked))
    return summary.summarize(connection, connection.view(ASSET), received, asked, dates)


def _require_published(lake: Lake, settings: Settings) -> None:
    if lake.log_dates(ASSET):
        return
    from rs_assets.log import RawLog

    has_log = bool(RawLog(settings.raw_log).log_dates())
    raise UserError(
        f"No event was judged yet in the environment {lake.environment}: {ASSET} is not published.",
        "Run `rs-assets replay`."
        if has_log
        else "There is no raw log yet: run `rs-assets generate`, then `rs-assets replay`.",
    )
