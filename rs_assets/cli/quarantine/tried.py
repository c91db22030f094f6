"""What a repair would move, for a person or for a script.

Belongs here: its layout on a terminal, and what to do next. Does not belong here: counting
(`rs_assets.contract.repairs.trial`).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from rich.console import Console
from rich.text import Text

from rs_assets.cli import output
from rs_assets.contract.repairs.repair import ALL, Repair
from rs_assets.contract.repairs.trial import GROUP, Trial

ROWS = 30
"""Of the table; event names are strangers', so there is no end of them. --json has all rows."""
NAME = 40
"""Characters of an event name: as many as the contract allows, and one of 10,000 would fill the page."""
LISTED = "the repairs of your project"


@dataclass(frozen=True)
class Tried:
    """A repair and its trial.

    Attributes:
        listed: the one of its name in `REPAIRS`, if any: itself, or the one whose place it takes.
        untried: closed log dates of the log for which it holds, but which were not asked for.
        next: the command that makes it count once it is in `REPAIRS`; None if it is better not to.
    """

    repair: Repair
    outcome: Trial
    raw_log: str
    listed: Repair | None
    untried: int
    next: str | None


def show(tried: Tried, *, json: bool) -> None:
    """Print the outcome of a trial."""
    repair, outcome = tried.repair, tried.outcome
    if json:
        about = {"repair": repair.label, "sites": repair.sites, "raw_log": tried.raw_log}
        listed = None if tried.listed is None else tried.listed.label
        more = {"listed": listed, "untried_log_dates": tried.untried, "next": tried.next}
        output.print_json(about | vars(outcome) | {"counts": outcome.counts.to_dicts()} | more)
        return
    console = output.out()
    sites = "every site" if repair.sites == ALL else ", ".join(repair.sites)
    dates = outcome.log_dates
    found = [
        ("repair", f"{repair.label}, for {sites}, for {dates_of(repair)}"),
        ("raw log", output.place(tried.raw_log)),
        ("log dates", f"{len(dates):,}, {dates[0]} to {dates[-1]}, each split with it and without"),
    ]
    console.print(output.facts(found))
    _counts(console, outcome.counts)
    _totals(console, outcome)
    _next(console, tried)


def dates_of(repair: Repair) -> str:
    """The log dates for which a repair holds, in words."""
    first, last = repair.first_log_date, repair.last_log_date
    if first and last:
        return f"log dates {first} to {last}"
    if first or last:
        return f"log dates from {first} on" if first else f"log dates up to {last}"
    return "every log date"


def _counts(console: Console, counts: pl.DataFrame) -> None:
    if counts.is_empty():
        console.print("\nNothing of its sites is in quarantine on these log dates.")
        return
    # First what moves, then what does not although others with its code do.
    moves = (pl.col("moved").sum() > 0).over("code")
    order = [True, True, True, False, False, False]
    most = counts.sort(moves, "moved", "still_quarantined", *GROUP, descending=order)
    names, numbers = ["site", "event name"], ["moved", "still quarantined"]
    made = output.table(*names, "code", *numbers, right=numbers, folded=[*names, numbers[1]])
    for site, event_name, code, moved, still in most.head(ROWS).iter_rows():
        name = Text("(not readable)", style="dim") if event_name is None else output.cell(_short(event_name))
        shown = Text(f"{moved:,}", style="bold green" if moved else "dim")
        made.add_row(output.cell(site), name, output.cell(code), shown, f"{still:,}")
    console.print("", made)
    if counts.height > ROWS:
        rest = output.plural(counts.height - ROWS, "more row")
        console.print(f"and {rest}, which --json has", style="dim")


def _short(name: str) -> str:
    return name if len(name) <= NAME else name[: NAME - 1] + "…"


def _totals(console: Console, outcome: Trial) -> None:
    conserved = (
        ("conserved", "green") if outcome.conserved else ("NOT CONSERVED", "bold red"),
        ": both splits have the same events, each once" if outcome.conserved else "",
    )
    moved = (f"{outcome.moved:,} moved", "bold green" if outcome.moved else "bold")
    broken = (f"{outcome.broken:,} broken", "bold red" if outcome.broken else "bold")
    console.print("", Text.assemble(moved, " to valid, ", broken, ", ", *conserved), sep="\n")
    if outcome.broken:
        events = output.plural(outcome.broken, "event that is", "events that are")
        said = f"Warning: {events} valid without it would be quarantined with it."
        console.print(said, style="bold red")


def _next(console: Console, tried: Tried) -> None:
    repair, before = tried.repair, tried.listed
    if before is not None and before is not repair:
        console.print(f"Both splits are without {before.label}, which REPAIRS has.", style="dim")
    if tried.untried:
        more = output.plural(tried.untried, "more log date")
        console.print(f"It holds for {more} of the log, not tried here.", style="yellow")
    if not tried.outcome.conserved:
        return  # the command ends with what is to be done
    if tried.next is None:
        what = "narrow what it matches" if tried.outcome.broken else "look at what it should match"
        console.print(f"\nNext: {what} (`rs-assets quarantine` shows samples), and try it again.")
        return
    if before is repair:
        step = "it is in REPAIRS; if nobody has replayed since,"
    elif before is None:
        step = f"add it to {LISTED}, then"
    else:
        raised = "" if repair.version > before.version else f", with version {before.version + 1}"
        step = f"put it in the place of {before.label} in {LISTED}{raised}, then"
    console.print(f"\nNext: {step}")
    console.print(Text(f"  {tried.next}", style="bold"), soft_wrap=True)
