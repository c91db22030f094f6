"""`rs-assets diff`: what a change did to the lake.

Belongs here: the command and its table. Does not belong here: comparing, Markdown, the page (`replay.diff`).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rs_assets.cli.options import From, To
from rs_assets.errors import UserError
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.replay.diff import Difference, Side


def diff(
    before: Annotated[str, typer.Argument(help="An environment, or the file of a receipt.")],
    after: Annotated[
        str | None, typer.Argument(help="The same; unless given, the first one is compared with its parent.")
    ] = None,
    first: From = None,
    last: To = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Compare only this asset (repeat for several).")
    ] = None,
    form: Annotated[
        Literal["table", "json", "markdown", "html"],
        typer.Option("--format", help="markdown fits a pull request, html has plots."),
    ] = "table",
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of the screen.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 if anything differs.")] = False,
) -> None:
    """What differs between two environments, or an environment and a replay's receipt.

    Columns, rows added, removed and changed by asset and log date, shifts of features, metrics, predictions and
    verdicts. Equal objects are told by their digests, and only others are read, in bounded memory.
    """
    from rs_assets.cli.progress import bar
    from rs_assets.lake import Lake
    from rs_assets.replay.diff import compare, markdown, page

    settings = Settings.from_env()
    if after is None:
        parent = Lake(settings.lake, before).parent
        if parent is None:
            raise UserError(f"{before} has no parent to compare it with.", "Name two: `rs-assets diff A B`.")
        before, after = parent.environment, before
    sides = [_side(settings, name) for name in (before, after)]
    with bar("Comparing") as move:
        found = compare(
            *sides,
            first=str(first or ""),
            last=str(last or "9999-12-31"),
            only=only or (),
            on_date=lambda asset, log_date, done, of: move(done, of, f"{asset} {log_date}"),
        )
    if form == "table" and output is None:
        _table(found)
    else:
        said = {"markdown": markdown, "html": page, "json": _json, "table": markdown}[form](found)
        if output is None:
            print(said, end="")
        else:
            output.write_text(said, encoding="utf-8")
    if exit_code and not found.equal:
        raise typer.Exit(1)


def _side(settings: Settings, name: str) -> Side:
    from rs_assets.lake import Lake, versions
    from rs_assets.replay import receipt
    from rs_assets.replay.diff import Receipted

    if name in versions.environments(settings.lake):
        return Lake(settings.lake, name)
    if Path(name).is_file():
        return Receipted(settings.lake, Path(name).name, receipt.load(name))
    there = ", ".join(versions.environments(settings.lake)) or "none yet"
    raise UserError(f"{name} is neither an environment nor the file of a receipt.", f"Environments: {there}.")


def _json(of: Difference) -> str:
    import orjson

    data = {"equal": of.equal, **dataclasses.asdict(of)}
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _table(of: Difference) -> None:
    from rs_assets.cli.output import cell, out, table
    from rs_assets.replay.diff.difference import KINDS
    from rs_assets.replay.diff.markdown import largest, metric_line

    console = out()
    if of.equal:
        console.print(f"{of.after} and {of.before} do not differ: {len(of.assets)} assets.")
        return
    columns = ("asset", "state", "log dates", "added", "removed", "changed", "most changed")
    page = table(*columns, right=columns[2:6], folded=("most changed",))
    for asset in of.differing:
        unlike = [
            date for date in asset.log_dates if date.state not in ("equal", "same rows") or date.artifacts
        ]
        most = ", ".join(f"{name} {count:,}" for name, count in list(asset.columns.items())[:3])
        counts = (f"{asset.rows(kind):,}" for kind in KINDS)
        page.add_row(cell(asset.asset), asset.state, f"{len(unlike):,}", *counts, cell(most))
    console.print(page)
    for asset in of.differing:
        for change in asset.schema:
            was, now = change.before or "not there", change.after or "not there"
            console.print(cell(f"{asset.asset}.{change.column}: {was}, now {now}"))
        for shift in asset.shifts[:5]:
            if shift.psi > 0:
                console.print(cell(f"{asset.asset}.{shift.column}: PSI {shift.psi:.3f}"))
        for verdict in asset.verdicts:
            console.print(
                cell(f"{asset.asset}: {verdict.column} was {verdict.before} and is {verdict.after}")
            )
        for metric in largest(asset.metrics)[:5]:
            console.print(cell(f"{asset.asset}: {metric_line(metric)}"))
        if asset.moves is not None:
            console.print(
                cell(f"{asset.asset}: {asset.moves.moved:,} of {asset.moves.matched:,} predictions moved")
            )
    same = len(of.assets) - len(of.differing)
    console.print(f"{same} other assets do not differ.", style="dim")
