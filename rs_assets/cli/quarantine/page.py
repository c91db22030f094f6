"""The report for a person, or for a script.

Belongs here: its layout. Does not belong here: its numbers (`counts`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from rs_assets.cli import output
from rs_assets.cli.quarantine.counts import Asked, Group, Report, Sample
from rs_assets.contract.codes import MEANINGS, Code

NAMES = 10
OBSERVED = 60
"""Characters of what was observed; --json and --explain have all that was kept."""


def show(report: Report, asked: Asked, *, json: bool) -> None:
    """Print the report."""
    if json:
        output.print_json(report)
        return
    console = output.out()
    _heading(console, report, asked)
    if not report.quarantined:
        return
    dates = [day.log_date for day in report.by_log_date]
    _reasons(console, report, dates)
    _sites(console, report, dates)
    _names(console, report)
    order = {group.name: at for at, group in enumerate(report.by_reason)}
    samples = sorted(report.samples, key=lambda sample: order[sample.code])
    for code, of_code in groupby(samples, key=lambda sample: sample.code):
        _samples(console, code, of_code)


def _heading(console: Console, report: Report, asked: Asked) -> None:
    of = [*asked.sites, *asked.reasons]
    narrowed = f", only {', '.join(of)}" if of else ""
    dates = f"{report.first_log_date} to {report.last_log_date}"
    where = f"environment {report.environment}, log dates {dates}{narrowed}"
    console.print(Text.assemble(("Quarantine", "bold"), f"  {output.visible(where)}"))
    if not report.quarantined:
        console.print(
            f"Nothing was quarantined: all {output.plural(report.events, 'event')} are valid.", style="green"
        )
        return
    rates = [day.rate or 0.0 for day in report.by_log_date]
    console.print(
        Text.assemble(
            (f"{report.quarantined:,}", "bold yellow"),
            f" of {output.plural(report.events, 'event')}, {output.share(report.quarantined, report.events)}   ",
            (output.sparkline(rates), "yellow"),
            f"  {min(rates):.2%} to {max(rates):.2%} a log date",
        )
    )


def _reasons(console: Console, report: Report, dates: list[dt.date]) -> None:
    made = output.table(
        "reason", "events", "share", "trend", "first seen", "last seen", right=["events", "share"]
    )
    for group in report.by_reason:
        share = output.share(group.quarantined, report.quarantined)
        made.add_row(
            output.cell(group.name), f"{group.quarantined:,}", share, _trend(group, dates), *_seen(group)
        )
    console.print("", made)
    if sum(group.quarantined for group in report.by_reason) > report.quarantined:
        console.print("An event with several reasons counts for each of them.", style="dim")


def _sites(console: Console, report: Report, dates: list[dt.date]) -> None:
    numbers = ["events", "received", "rate"]
    made = output.table("site", *numbers, "trend", "first seen", "last seen", right=numbers)
    for group in report.by_site:
        received = group.events or 0
        rate = output.share(group.quarantined, received)
        shown = (f"{group.quarantined:,}", f"{received:,}", rate, _trend(group, dates))
        made.add_row(output.cell(group.name), *shown, *_seen(group))
    console.print("", made)


def _names(console: Console, report: Report) -> None:
    made = output.table("event name", "events", "first seen", "last seen", right=["events"])
    for group in report.by_event_name[:NAMES]:
        name = Text("(not readable)", style="dim") if group.name is None else output.cell(group.name)
        made.add_row(name, f"{group.quarantined:,}", *_seen(group))
    console.print("", made)
    if report.event_names > NAMES:
        console.print(f"and {output.plural(report.event_names - NAMES, 'more name')}", style="dim")


def _samples(console: Console, code: str, samples: Iterable[Sample]) -> None:
    meaning = MEANINGS.get(Code(code), "") if code in set(Code) else ""
    console.print("", Text.assemble((code, "bold yellow"), f"  {meaning}"), sep="\n")
    for sample in samples:
        console.print(Text.assemble("  ", (output.visible(sample.quarantine_id), "cyan")), soft_wrap=True)
        observed = "" if sample.observed is None else f", observed {_shortened(sample.observed)}"
        lines = [place(sample), output.visible(sample.message), f"expected {sample.expected}{observed}"]
        console.print(Padding(Text("\n".join(lines)), (0, 0, 0, 4)))


def place(sample: Sample) -> str:
    """Where the event stands in the raw log, in words."""
    event = "the whole line" if sample.event_index is None else f"event {sample.event_index}"
    name = "" if sample.event_name is None else f" ({sample.event_name})"
    segment = f"segment {sample.segment}, line {sample.line}, {event}{name}"
    return output.visible(f"site {sample.site}, log date {sample.log_date}, {segment}")


def _shortened(observed: str) -> str:
    text = output.visible(observed)
    return text if len(text) <= OBSERVED else text[: OBSERVED - 1] + "…"


def _seen(group: Group) -> tuple[str, str]:
    return str(group.first_log_date), str(group.last_log_date)


def _trend(group: Group, dates: list[dt.date]) -> Text:
    return Text(output.sparkline([group.by_log_date.get(d, 0) for d in dates], width=20), style="yellow")
