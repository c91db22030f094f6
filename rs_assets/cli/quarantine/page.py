"""The report for a person, or for a script.

Belongs here: its layout on a terminal. Does not belong here: its numbers (`rs_assets.contract.report.summary`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TypeAlias

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from rs_assets.cli import output
from rs_assets.contract.codes import MEANINGS, Code
from rs_assets.contract.report.asked import Asked
from rs_assets.contract.report.counted import Group, Report
from rs_assets.contract.report.samples import MARK, Sample

SEEN = ("first seen", "last seen")
NAMES = 10
OBSERVED = 60
"""Characters of what was observed; --json and --explain have all that was kept."""

AROUND = 4
"""Lines of a sample's payload on either side of what is wrong; --json has all of it."""

NARROW = 68
"""Characters that the tables need besides their trends."""

Trend: TypeAlias = Callable[[Group], Text]


def show(report: Report, environment: str, asked: Asked, *, json: bool) -> None:
    """Print the report of an environment."""
    if json:
        output.print_json({"environment": environment} | vars(report))
        return
    console = output.out()
    _heading(console, report, environment, asked)
    if not report.quarantined:
        return
    dates = [day.log_date for day in report.by_log_date]
    width = min(20, max(5, console.width - NARROW))

    def trend(group: Group) -> Text:
        counts = [group.by_log_date.get(log_date, 0) for log_date in dates]
        return Text(output.sparkline(counts, width), style="yellow")

    _reasons(console, report, trend)
    _sites(console, report, trend)
    _names(console, report, trend)
    order = {group.name: at for at, group in enumerate(report.by_reason)}
    samples = sorted(report.samples, key=lambda sample: order[sample.code])
    for code, of_code in groupby(samples, key=lambda sample: sample.code):
        _samples(console, code, of_code)


def _heading(console: Console, report: Report, environment: str, asked: Asked) -> None:
    of = [*asked.sites, *asked.reasons]
    narrowed = f", only {', '.join(of)}" if of else ""
    dates = f"{report.first_log_date} to {report.last_log_date}"
    where = f"environment {environment}, log dates {dates}{narrowed}"
    console.print(Text.assemble(("Quarantine", "bold"), f"  {output.visible(where)}"))
    if not report.quarantined:
        received = output.plural(report.events, "event")
        console.print(f"Nothing of that is in quarantine, of {received} received.", style="green")
        return
    rates = [day.rate or 0.0 for day in report.by_log_date]
    console.print(
        Text.assemble(
            (f"{report.quarantined:,}", "bold yellow"),
            f" of {output.plural(report.events, 'event')}, {output.share(report.quarantined, report.events)}   ",
            (output.sparkline(rates, width=20), "yellow"),
            f"  {min(rates):.2%} to {max(rates):.2%} a log date",
        )
    )


def _reasons(console: Console, report: Report, trend: Trend) -> None:
    numbers = ["events", "share"]
    made = output.table("reason", *numbers, "trend", *SEEN, right=numbers, folded=["reason"])
    for group in report.by_reason:
        share = output.share(group.quarantined, report.quarantined)
        made.add_row(output.cell(group.name), f"{group.quarantined:,}", share, trend(group), *_seen(group))
    console.print("", made)
    if sum(group.quarantined for group in report.by_reason) > report.quarantined:
        console.print("An event with several reasons counts for each of them.", style="dim")


def _sites(console: Console, report: Report, trend: Trend) -> None:
    numbers = ["events", "received", "rate"]
    made = output.table("site", *numbers, "trend", *SEEN, right=numbers, folded=["site"])
    for group in report.by_site:
        received = group.events or 0
        rate = output.share(group.quarantined, received)
        shown = (f"{group.quarantined:,}", f"{received:,}", rate, trend(group))
        made.add_row(output.cell(group.name), *shown, *_seen(group))
    console.print("", made)


def _names(console: Console, report: Report, trend: Trend) -> None:
    numbers = ["events", "received", "rate"]
    made = output.table("event name", *numbers, "trend", *SEEN, right=numbers)
    for group in report.by_event_name[:NAMES]:
        name = Text("(not readable)", style="dim") if group.name is None else output.cell(group.name)
        received = group.events or 0
        rate = output.share(group.quarantined, received)
        made.add_row(name, f"{group.quarantined:,}", f"{received:,}", rate, trend(group), *_seen(group))
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
        shown = output.visible_lines("\n".join(_around(sample.payload.splitlines())))
        shown.stylize("dim")
        console.print(Padding(shown, (0, 0, 0, 6)))


def _around(lines: list[str]) -> list[str]:
    """The lines about the one that is marked, or the first ones where none is."""
    marked = next((at for at, line in enumerate(lines) if line.endswith(MARK)), 0)
    first = max(0, min(marked - AROUND, len(lines) - 2 * AROUND - 1))
    last = first + 2 * AROUND + 1
    return [*(["…"] if first else []), *lines[first:last], *(["…"] if last < len(lines) else [])]


def place(sample: Sample) -> str:
    """Where the event stands in the raw log, in words."""
    event = "the whole line" if sample.event_index is None else f"event {sample.event_index}"
    name = "" if sample.event_name is None else f" ({_shortened(sample.event_name)})"
    segment = f"segment {sample.segment}, line {sample.line}, {event}{name}"
    return output.visible(f"site {sample.site}, log date {sample.log_date}, {segment}")


def _shortened(observed: str) -> str:
    text = output.visible(observed)
    return text if len(text) <= OBSERVED else text[: OBSERVED - 1] + "…"


def _seen(group: Group) -> tuple[str, str]:
    return str(group.first_log_date), str(group.last_log_date)
