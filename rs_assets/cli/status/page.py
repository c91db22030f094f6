"""The status for a person: one screen.

Belongs here: its layout. Does not belong here: what stands in it (`facts`, `model`).
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from rs_assets.cli import output
from rs_assets.cli.status.facts import Asset, Share, Status
from rs_assets.cli.status.model import InForce
from rs_assets.cli.status.raw_log import Log


def show(status: Status) -> None:
    """Print it."""
    console = output.out()
    head = [
        ("environment", Text(status.environment, style="bold cyan")),
        ("raw log", _raw_log(status.raw_log)),
        ("lake", _lake(status)),
    ]
    console.print(output.facts(head))
    if status.assets:
        _assets(console, status.assets)
        tail = [
            ("quarantine", _quarantine(status.quarantine, status.quarantine_by_log_date)),
            ("model", _model(status.model)),
        ]
        console.print("", output.facts(tail))
    if status.next:
        console.print("", Text.assemble("Next: ", (status.next, "bold")), sep="\n")
    else:
        console.print("\nEvery closed log date of the raw log is published.", style="green")


def _raw_log(log: Log) -> Text:
    place = output.visible(output.place(log.place))
    if not log.log_dates:
        return Text.assemble(place, ("  nothing was received yet", "yellow"))
    received = f"{output.plural(len(log.sites), 'site')}, {output.plural(log.log_dates, 'log date')}"
    dates = f"{log.first_log_date} to {log.last_log_date}"
    return Text(
        f"{place}\n{received}, {dates}, {output.plural(log.segments, 'segment')}, {output.size(log.bytes)}"
    )


def _lake(status: Status) -> Text:
    place = output.visible(output.place(f"{status.lake}/{status.environment}"))
    if not status.assets:
        return Text.assemble(place, ("  nothing is published yet", "yellow"))
    size = output.size(sum(asset.bytes for asset in status.assets))
    return Text(f"{place}\n{output.plural(len(status.assets), 'asset')}, {size}")


def _assets(console: Console, assets: list[Asset]) -> None:
    numbers = ["dates", "rows", "size"]
    made = output.table("asset", "dates", "first", "last", "rows", "size", "to do", right=numbers)
    for asset in assets:
        made.add_row(
            output.cell(asset.asset),
            f"{asset.log_dates:,}",
            asset.first_log_date,
            asset.last_log_date,
            f"{asset.rows:,}",
            output.size(asset.bytes),
            _to_do(asset.to_do),
        )
    console.print("", made)


def _to_do(log_dates: list[str]) -> Text:
    if not log_dates:
        return Text("-", style="dim")
    dates = log_dates[0] if len(log_dates) == 1 else f"{len(log_dates):,} from {log_dates[0]} on"
    return Text(dates, style="yellow")


def _quarantine(overall: Share | None, by_log_date: list[Share]) -> Text:
    if overall is None:
        return Text("-", style="dim")
    last = by_log_date[-1]
    trend = output.sparkline([share.rate or 0.0 for share in by_log_date])
    of = output.plural(overall.events, "event")
    return Text.assemble(
        (output.share(overall.quarantined, overall.events), "bold"),
        f" of {of}; last log date, {last.log_date}: {output.share(last.quarantined, last.events)}  ",
        (trend, "yellow"),
    )


def _model(model: InForce | None) -> Text:
    if model is None:
        return Text("none is published yet", style="dim")
    if model.chosen is None:
        cut = f" (cut {model.cut})" if model.cut else ""
        return Text.assemble("purchase_intent: ", (output.visible(model.problem or ""), "yellow"), cut)
    measured = "not measured" if model.pr_auc is None else f"{model.pr_auc:.3f}"
    return Text.assemble(
        "purchase_intent: ",
        (model.chosen, "bold"),
        f", cut {model.cut}; PR-AUC {measured} on validation (a random order: {model.random_pr_auc:.3f})",
    )
