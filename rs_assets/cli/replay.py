"""`rs-assets replay`: rebuild from the raw log, and show what came out.

Belongs here: options, the progress bar and the summary. Does not belong here: planning (`replay`), running
(`defs.launch`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rs_assets.cli.options import From, Json, To
from rs_assets.cli.receipt import write_receipt
from rs_assets.errors import UserError
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

    from rs_assets.defs.launch import RunProgress
    from rs_assets.replay import Summary


def replay(
    first: From = None,
    last: To = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Materialize only this asset (repeat for several); all by default."),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            help="Publish into this environment of the lake instead of RS_ENVIRONMENT; made if it is not there, "
            "reading from prod what it does not rebuild."
        ),
    ] = None,
    executor: Annotated[
        str | None, typer.Option(help="in_process, multiprocess or docker, instead of RS_EXECUTOR.")
    ] = None,
    stale: Annotated[
        bool,
        typer.Option(
            "--stale", help="Rebuild only what a change of the code or the log made stale; says why."
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the last replay, which was interrupted, where it stopped."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Rebuild every asset from the raw log over a range of log dates.

    One run for every 100 log dates, each asset one step that loops over the dates and publishes them all at once. The
    raw log is only read. At the end there is a receipt: the digests of the log, the code and every output; and a new
    start page.
    """
    for name, value in (("RS_ENVIRONMENT", environment), ("RS_EXECUTOR", executor)):
        if value:
            os.environ[name] = value  # step processes read it as well
    settings = Settings.from_env()

    from rs_assets.cli.output import place
    from rs_assets.cli.pages.write import renew
    from rs_assets.cli.status.stale import Staleness
    from rs_assets.lake import Lake
    from rs_assets.log import RawLog
    from rs_assets.log.seals import require_seals
    from rs_assets.replay import plan, summarize, unfinished

    if resume:
        if first or last or only:
            raise typer.BadParameter("what is resumed has its range already.", param_hint="--resume")
        first, last, only = _interrupted(settings)
    today = dt.datetime.now(dt.UTC).date()  # not closed yet: the one use of the clock, and it makes no byte
    log = RawLog(settings.raw_log)
    runs = plan(log, first, last, today, settings.first_log_date)
    require_seals(log, today, dt.date.fromisoformat(runs[0][0]), dt.date.fromisoformat(runs[-1][-1]))
    what = unfinished.Unfinished(runs[0][0], runs[-1][-1], only or [])
    with (
        unfinished.at_work(settings.home, settings.environment),
        _captured(Path(settings.home) / "logs" / "replay.log") as console,
    ):
        if not resume and unfinished.noted(settings.home, settings.environment):
            console.print(
                "[dim]A replay was interrupted before; `rs-assets replay --resume` would go on with it."
            )
        unfinished.note(settings.home, settings.environment, what)
        _run(settings, runs, only or [], console, reuse=stale or resume)
        unfinished.done(settings.home, settings.environment)
    summary = summarize(Lake(settings.lake, settings.environment), [day for dates in runs for day in dates])
    if not as_json:
        show(summary, settings)
    receipt = write_receipt(settings)  # which fails where something that was not replayed is damaged
    if as_json:
        print(json.dumps({**dataclasses.asdict(summary), "receipt": receipt.digest}))
    else:
        print(f"Receipt: {receipt.digest}")
    from rs_assets.defs import launch  # which takes a second: loaded by now, while the bar said so

    # Of what was replayed nothing is stale; whether anything else is takes a second to find out.
    everything = not only and runs == plan(log, None, None, today, settings.first_log_date)
    page = renew(settings, Staleness(graph=sorted(launch.assets())) if everything else None)
    if page and not as_json:
        print(f"Start page: {place(str(page))}")


def _interrupted(settings: Settings) -> tuple[dt.date, dt.date, list[str]]:
    from rs_assets.replay import unfinished

    found = unfinished.noted(settings.home, settings.environment)
    if found is None:
        raise UserError(
            f"No replay of the environment {settings.environment} was interrupted.",
            "`rs-assets replay --stale` rebuilds what is not up to date, `rs-assets replay` everything.",
        )
    return dt.date.fromisoformat(found.first), dt.date.fromisoformat(found.last), found.only


def _run(
    settings: Settings, runs: list[list[str]], only: list[str], console: Console, *, reuse: bool
) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[doing]}"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Loading the graph", total=None, doing="")
        from rs_assets.extending.dbt import dbt_folders
        from rs_assets.transform.manifest import is_fresh, prepare

        for project in dbt_folders(settings.home):
            if not is_fresh(project):
                bar.update(task, description="Preparing dbt's manifest")
                prepare(project)
        from rs_assets.defs import launch

        on = launch.instance(settings)
        bar.update(task, description="Looking at the raw log")
        launch.observe(settings, on)
        if reuse:
            bar.update(task, description="Looking for what is stale")
            chunks = _stale(settings, runs, only, console)
        else:
            chunks = [(dates, only) for dates in runs]
        for dates, assets in chunks:
            bar.update(task, description=f"Replaying {dates[0]} to {dates[-1]}", total=None, completed=0)

            def follow(seen: RunProgress) -> None:
                bar.update(task, total=seen.steps, completed=seen.done, doing=" · ".join(seen.doing.values()))

            seen = launch.replay(on, dates, assets, follow, reuse=reuse)
            if seen.failures:
                raise UserError(
                    f"The replay of {dates[0]} to {dates[-1]} failed.\n" + "\n".join(seen.failures),
                    "What its steps published before is in place. Mend this and go on with "
                    "`rs-assets replay --resume`; the whole log is in "
                    f"{settings.home}/logs/replay.log and, as a person reads it, in the UI: `make ui`.",
                )
        if not chunks:
            _is_there(settings)
            bar.update(task, description="Nothing is stale", total=1, completed=1)
        bar.update(task, doing="")
    from rs_assets.lake.garbage import collect

    collect(settings.lake)


def _is_there(settings: Settings) -> None:
    """An environment into which nothing had to be replayed can be looked at and dropped like any other."""
    from rs_assets.lake import Lake
    from rs_assets.lake.environments import create

    lake = Lake(settings.lake, settings.environment)
    if lake.version is None:
        create(lake)


def _stale(
    settings: Settings, runs: list[list[str]], only: list[str], console: Console
) -> list[tuple[list[str], list[str]]]:
    """The runs that rebuild what is stale, as log dates and assets, after saying what that is and why."""
    from rs_assets.cli.output import plural
    from rs_assets.defs import launch
    from rs_assets.lake import Lake
    from rs_assets.replay.stale import find, grouped

    lineage = launch.lineage(settings)
    if unknown := sorted(set(only) - set(lineage.code)):
        known = ", ".join(sorted(lineage.code))
        raise UserError(f"There is no asset {unknown[0]!r}.", f"The graph has {known}.")
    lake = Lake(settings.lake, settings.environment)
    every = [day for dates in runs for day in dates]
    found = [one for one in find(lake, lineage, every) if not only or one.asset in only]
    for group in grouped(found):
        dates = group.log_dates
        span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        console.print(
            f"{group.asset}: {plural(len(dates), 'log date')}, {span}: {group.why}",
            highlight=False,
            soft_wrap=True,
        )
    made = []
    for dates in runs:
        here = [one for one in found if dates[0] <= one.log_date <= dates[-1]]
        if here:
            days = [
                day for day in dates if min(o.log_date for o in here) <= day <= max(o.log_date for o in here)
            ]
            # The split is one step with two assets: it is run for both or not at all.
            assets = {one.asset for one in here}
            both = {"valid_events", "quarantined_events"}
            made.append((days, sorted(assets | both if assets & both else assets)))
    return made


@contextmanager
def _captured(path: Path) -> Iterator[Console]:
    """Send what this process and its steps print (dbt's log, for one) to a file; the console given stays visible."""
    from rich.console import Console

    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    out, err = os.dup(1), os.dup(2)
    with open(path, "wb") as log, open(err, "w", encoding="utf-8", closefd=False) as screen:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield Console(file=screen)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
    os.close(err)


def show(summary: Summary, settings: Settings) -> None:
    """The summary for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    events = summary.valid + summary.quarantined
    rate = summary.quarantined / events if events else 0.0
    console.print(f"\n[bold]{summary.first} to {summary.last}[/] in the environment {settings.environment}")
    figures = Table.grid(padding=(0, 2))
    for name, value, more in (
        ("events", events, ""),
        ("valid", summary.valid, ""),
        ("quarantined", summary.quarantined, f"{rate:.2%}, each kept whole with every reason"),
        ("sessions closed", summary.sessions, f"{summary.sessions_with_purchase:,} with a purchase"),
        ("predictions", summary.predictions, summary.champions.get("purchase_intent", "")),
        ("recommendations", summary.recommendations, summary.champions.get("next_item", "")),
    ):
        figures.add_row(name, f"{value:>10,}", f"[dim]{more}")
    console.print(figures)
    if summary.quarantined_by_reason:
        reasons = Table("reason", "events", title="Quarantined, by reason", title_justify="left")
        reasons.columns[1].justify = "right"
        for code, count in summary.quarantined_by_reason.items():
            reasons.add_row(code, f"{count:,}")
        console.print(reasons)
    console.print(f"[bold]purchase_intent[/], the last challenger: {summary.model}")
    if summary.metrics:
        metrics = Table("candidate", *[name for name in summary.metrics[0] if name != "candidate"])
        for row in summary.metrics:
            numbers = [f"{value:.3f}" if isinstance(value, float) else "" for value in list(row.values())[1:]]
            metrics.add_row(str(row["candidate"]), *numbers)
        console.print(metrics)
    _damaged(console, summary, settings.environment)
    console.print(f"Lake: {settings.lake}/{settings.environment}", soft_wrap=True)
    console.print(
        "Look closer: [bold]rs-assets quarantine[/], [bold]rs-assets query[/], or the UI: [bold]make ui[/]"
    )


def _damaged(console: Console, summary: Summary, environment: str) -> None:
    """Objects that a replay of other assets found damaged: it is done all the same, and says how to mend them."""
    from rs_assets.cli.output import plural, visible_lines

    if not summary.damaged:
        return
    damaged = plural(len(summary.damaged), "published object")
    console.print(f"[bold red]{damaged} cannot be read; the numbers above are without what is there:[/]")
    for one in summary.damaged:
        about = f"  {one.asset}, log date {one.log_date}: {one.path}\n    {one.problem}"
        console.print(visible_lines(about), soft_wrap=True)
    dates = [one.log_date for one in summary.damaged]
    there = "" if environment == "prod" else f" --environment {environment}"
    command = f"rs-assets replay --from {min(dates)} --to {max(dates)}{there}"
    console.print(f"Rebuild what is damaged: [bold]{command}[/]", soft_wrap=True)
