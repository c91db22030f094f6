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
from rs_assets.cli.status.seals import Seals
from rs_assets.cli.status.stale import Staleness
from rs_assets.cli.status.upkeep import Disk, Replayed, Serving, Undelivered
from rs_assets.replay.stale import Group
from rs_assets.replay.unfinished import Unfinished

WIDE = 90
"""Characters that all of an asset's columns need."""
BROKEN = 3
"""Differences under seals, and damaged objects, that are named."""
STALE = 4
"""Assets that are named with why they are stale."""
ALERTS = 3
"""Open alerts that are named."""


def show(status: Status) -> None:
    """Print it."""
    console = output.out()
    head, tail = _head(status), _tail(status)
    console.print(output.facts(head))
    if status.assets:
        _assets(console, status.assets)
        console.print("", output.facts(tail))
    console.print("", _next(status), sep="\n")


def said(status: Status) -> list[tuple[str, Text]]:
    """Everything that it says but for the table of assets, by name."""
    return [*_head(status), *(_tail(status) if status.assets else [])]


def _head(status: Status) -> list[tuple[str, Text]]:
    return [
        ("environment", Text(status.environment, style="bold cyan")),
        ("raw log", _raw_log(status.raw_log)),
        *([("sealed", _seals(status.seals))] if status.raw_log.log_dates else []),
        ("lake", _lake(status)),
        *([("interrupted", _interrupted(status.interrupted))] if status.interrupted else []),
        *([("damaged", _damaged(status))] if status.damaged else []),
    ]


def _tail(status: Status) -> list[tuple[str, Text]]:
    return [
        *([("stale", _stale(status.stale))] if status.stale else []),
        ("quarantine", _quarantine(status.quarantine, status.quarantine_by_log_date)),
        ("purchase_intent", _model(status.model)),
        *((f"{one.model} serves", _serving(one)) for one in status.serving),
        ("alerts", _alerts(status.open_alerts)),
        *([("undelivered", _undelivered(status.undelivered))] if status.undelivered else []),
        *([("last replay", _replayed(status.replayed))] if status.replayed else []),
        *([("disk", _disk(status.disk))] if status.disk else []),
    ]


def _next(status: Status) -> Text:
    if status.next is None:
        return Text("Every closed log date of the raw log is published.", style="green")
    to_do = sorted({log_date for asset in status.assets for log_date in asset.to_do})
    dates = " to ".join(dict.fromkeys([*to_do[:1], *to_do[-1:]]))
    lacking = f"To do: {output.plural(len(to_do), 'log date')}, {dates}.\n" if to_do else ""
    return Text.assemble((lacking, "yellow"), "Next: ", (status.next, "bold"))


def _raw_log(log: Log) -> Text:
    place = output.visible(output.place(log.place))
    if not log.log_dates:
        return Text.assemble(place, ("  nothing was received yet", "yellow"))
    received = f"{output.plural(len(log.sites), 'site')}, {output.plural(log.log_dates, 'log date')}"
    dates = f"{log.first_log_date} to {log.last_log_date}"
    size = f"{output.plural(log.segments, 'segment')}, {output.size(log.bytes)}"
    return Text(f"{place}\n{received}, {dates}, {size}")


def _seals(seals: Seals) -> Text:
    if not seals.head and not seals.broken:
        return Text("nothing; rs-assets seal seals what is closed", style="dim")
    dates = f"{output.plural(seals.log_dates, 'log date')}, {seals.first_log_date} to {seals.last_log_date}"
    open_ = len(seals.unsealed)
    more = f"; {output.plural(open_, 'closed log date')} without a seal" if open_ else ""
    shown = [output.visible(str(one)) for one in seals.broken[:BROKEN]]
    if len(seals.broken) > BROKEN:
        shown.append(f"… and {len(seals.broken) - BROKEN:,} more: rs-assets verify names all")
    broken = "\n".join(["", "not as it was sealed:", *shown]) if shown else ""
    return Text.assemble(dates, more, (f"\nhead {seals.head or 'cannot be read'}", "dim"), (broken, "red"))


def _lake(status: Status) -> Text:
    place = output.visible(output.place(f"{status.lake}/{status.environment}"))
    if not status.assets:
        return Text.assemble(place, ("  nothing is published yet", "yellow"))
    size = output.size(sum(asset.bytes for asset in status.assets))
    return Text(f"{place}\n{output.plural(len(status.assets), 'asset')}, {size}")


def _interrupted(left: Unfinished) -> Text:
    of = f" of {', '.join(map(output.visible, left.only))}" if left.only else ""
    said = f"the replay{of} of {left.first} to {left.last} did not come to its end; what it published is in place"
    return Text(said, style="yellow")


def _damaged(status: Status) -> Text:
    shown = [
        f"{output.visible(one.asset)} of {one.log_date}: {output.visible(one.problem)}"
        for one in status.damaged[:BROKEN]
    ]
    if len(status.damaged) > BROKEN:
        shown.append(f"… and {len(status.damaged) - BROKEN:,} more: rs-assets doctor counts them")
    return Text("\n".join(shown), style="red")


def _assets(console: Console, assets: list[Asset]) -> None:
    rows: list[dict[str, Text | str]] = [
        {
            "asset": output.cell(asset.asset),
            "dates": f"{asset.log_dates:,}",
            "first": asset.first_log_date,
            "last": asset.last_log_date,
            "rows": f"{asset.rows:,}",
            "size": output.size(asset.bytes),
            "to do": _to_do(asset),
        }
        for asset in assets
    ]
    columns = [name for name in rows[0] if console.width >= WIDE or name != "first"]
    made = output.table(*columns, right=["dates", "rows", "size", "to do"], folded=["asset"])
    for row in rows:
        made.add_row(*(row[name] for name in columns))
    console.print("", made)


def _to_do(asset: Asset) -> Text:
    if asset.retired:
        return Text("not in the graph", style="dim")
    return Text(f"{len(asset.to_do):,}", style="yellow") if asset.to_do else Text("-", style="dim")


def _stale(stale: Staleness) -> Text:
    if stale.unknown:
        return Text(f"not known: {output.visible(stale.unknown)}", style="dim")
    certain = [group for group in stale.groups if group.certain]
    shown = [_why(group) for group in certain[:STALE]]
    if len(certain) > STALE:
        shown.append(f"… and {len(certain) - STALE:,} more: rs-assets status --json names all")
    if after := {group.asset for group in stale.groups if not group.certain}:
        shown.append(f"and {output.plural(len(after), 'asset')} after that, should it come out otherwise")
    unread = f"the bytes of {output.plural(len(stale.unread), 'log date')} without a seal were not read"
    parts = [("\n".join(shown) or "nothing", "yellow" if shown else "dim")]
    return Text.assemble(*parts, *([(f"\n{unread}", "dim")] if stale.unread else []))


def _why(group: Group) -> str:
    dates = group.log_dates
    span = (
        dates[0] if len(dates) == 1 else f"{output.plural(len(dates), 'log date')}, {dates[0]} to {dates[-1]}"
    )
    return f"{output.visible(group.asset)} ({span}): {group.why}"


def _quarantine(overall: Share | None, by_log_date: list[Share]) -> Text:
    if overall is None:
        return Text("-", style="dim")
    last = by_log_date[-1]
    trend = output.sparkline([share.rate or 0.0 for share in by_log_date], width=20)
    of = output.plural(overall.events, "event")
    return Text.assemble(
        (output.share(overall.quarantined, overall.events), "bold"),
        f" of {of}; last log date, {last.log_date}: {output.share(last.quarantined, last.events)}  ",
        (trend, "yellow"),
    )


def _serving(one: Serving) -> Text:
    if one.champion is None:
        return Text.assemble(("nobody", "yellow"), f"; `rs-assets model show {one.model}` says why")
    return Text.assemble(("the model of ", ""), (one.champion, "bold"), f" since {one.since}, by {one.by}")


def _alerts(firing: dict[str, str]) -> Text:
    if not firing:
        return Text("none is open", style="dim")
    shown = [f"{output.visible(name)} ({log_date})" for name, log_date in list(firing.items())[:ALERTS]]
    more = f"\n… and {len(firing) - ALERTS:,} more" if len(firing) > ALERTS else ""
    return Text.assemble((f"{len(firing):,} open", "bold yellow"), "\n", "\n".join(shown), more)


def _undelivered(left: Undelivered) -> Text:
    waiting = f"{output.plural(left.messages, 'message')} of alerts: {output.visible(left.problem)}"
    return Text(waiting, style="yellow")


def _replayed(replay: Replayed) -> Text:
    return Text.assemble(replay.at, (f"  receipt {replay.receipt[:12]}…", "dim"))


def _disk(disk: Disk) -> Text:
    return Text(f"{output.size(disk.lake)} in the lake, {output.size(disk.free)} free")


def _model(model: InForce | None) -> Text:
    if model is None:
        return Text("no model is published yet", style="dim")
    if model.chosen is None:
        cut = f" (cut {model.cut})" if model.cut else ""
        return Text.assemble((output.visible(model.problem or ""), "yellow"), cut)
    measured = "not measured" if model.pr_auc is None else f"{model.pr_auc:.3f}"
    return Text.assemble(
        (model.chosen, "bold"),
        f", cut {model.cut}, PR-AUC {measured} on validation (a random order: {model.random_pr_auc:.3f})",
    )
