"""`rs-assets generate`: a synthetic raw log to learn on.

Belongs here: the command, its options and its last page. Does not belong here: the generator
(`rs_assets.log.generator`), whose `Plan` has the defaults.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rs_assets.cli import options

if TYPE_CHECKING:
    from rs_assets.log.generator import Plan, Summary


class FromPlan:
    """The plan's own default for an option, looked up when it is needed: to name it must not load polars."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __call__(self) -> Any:
        """The default."""
        from rs_assets.log.generator import Plan

        value = getattr(Plan(), self.field)
        return list(value) if isinstance(value, tuple) else value

    def __str__(self) -> str:
        value = self()
        return ", ".join(value) if isinstance(value, list) else str(value)


def _option(field: str, text: str, **more: Any) -> Any:
    return typer.Option(f"--{field}", default_factory=FromPlan(field), help=text, **more)


def generate(
    days: Annotated[int, _option("days", "How many log dates.")],
    events: Annotated[int, _option("events", "About how many events in all, broken ones included.")],
    start: Annotated[
        dt.date, _option("start", "The first log date.", parser=options.log_date, metavar=options.DATE)
    ],
    site: Annotated[
        list[str],
        typer.Option(
            "--site", default_factory=FromPlan("sites"), metavar="NAME", help="A shop. May be repeated."
        ),
    ],
    broken: Annotated[float, _option("broken", "Share of events that are broken, 0 to 1.")],
    late: Annotated[float, _option("late", "Share of sessions received on a later log date, 0 to 1.")],
    seed: Annotated[
        int, _option("seed", "Of everything random: the same plan and seed give the same bytes.")
    ],
    codec: Annotated[options.Codec, _option("codec", "How segments are compressed.")],
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="CODE,CODE,…", help="The reason codes to plant, with commas; all of them unless given."
        ),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="A CSV that says where each fault was planted; $RS_HOME/truth.csv unless given.",
        ),
    ] = None,
    raw_log: options.RawLog = None,
    json: options.Json = False,
) -> None:
    """Write a synthetic raw log of a few shops, with known faults.

    Learn on it, test with it, measure with it. The raw log may hold other sites and dates; what it holds is never
    written over.
    """
    from rs_assets.cli.output import print_json
    from rs_assets.errors import UserError
    from rs_assets.log.generator import FAULTS, Plan
    from rs_assets.settings import Settings

    settings = Settings.from_env()
    wanted = FAULTS if faults is None else tuple(code.strip() for code in faults.split(",") if code.strip())
    plan = Plan(start, days, events, tuple(site), broken, wanted, late, seed, codec)
    try:
        plan.require_sense()
    except UserError as error:
        raise typer.BadParameter(f"{error.what} {error.hint}") from None
    raw_log = raw_log or settings.raw_log
    truth = truth or os.path.join(settings.home, "truth.csv")
    summary = _run(plan, raw_log, truth)
    if json:
        last = plan.log_date(plan.days - 1)
        places = {"raw_log": raw_log, "truth": truth}
        dates = {"first_log_date": plan.log_date(0), "last_log_date": last}
        print_json(asdict(summary) | {"sites": plan.sites} | dates | places)
    else:
        _page(plan, summary, raw_log, truth)


def _run(plan: Plan, raw_log: str, truth: str) -> Summary:
    from rs_assets.cli.output import err
    from rs_assets.cli.progress import bar
    from rs_assets.log.generator import generate

    done: list[str] = []
    try:
        with bar("Writing log dates") as move:

            def progress(log_date: str, events: int) -> None:
                done.append(log_date)
                move(len(done), plan.days, f"{log_date}, {events:,} events")

            return generate(plan, raw_log, truth, progress)
    except KeyboardInterrupt:
        until = f"up to {done[-1]}" if done else "of its beginning"
        err().print(f"The raw log keeps the log dates {until}; remove them before you generate them again.")
        raise


def _page(plan: Plan, summary: Summary, raw_log: str, truth: str) -> None:
    from rs_assets.cli.output import facts, out, place, share, size, table

    console = out()
    found = [
        ("events", f"{summary.events:,} in {summary.requests:,} requests"),
        ("sites", ", ".join(plan.sites)),
        ("log dates", f"{plan.days:,}, {plan.log_date(0)} to {plan.log_date(plan.days - 1)}"),
        ("broken", f"{summary.broken:,}, {share(summary.broken, summary.events)} of the events"),
        ("raw log", f"{place(raw_log)}  ({summary.segments:,} segments, {size(summary.bytes)})"),
        ("truth", f"{place(truth)}  (where each fault was planted)"),
    ]
    console.print(facts(found))
    if summary.by_reason:
        planted = table("planted fault", "events", right=["events"])
        for reason, count in summary.by_reason.items():
            planted.add_row(reason, f"{count:,}")
        console.print("", planted)
    console.print("\nNext: [bold]rs-assets replay[/] makes tables and models of it.")
