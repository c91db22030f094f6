"""`rs-assets seal`: manifests of closed log dates, chained.

Belongs here: the command, its options and its page. Does not belong here: what a seal is, or which log dates get one
(`rs_assets.log.seals.sealing`), or looking whether they hold (`verify`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from rs_assets.cli import options

if TYPE_CHECKING:
    from rs_assets.log.seals.sealing import Sealed


def seal(first: options.From = None, last: options.To = None, json: options.Json = False) -> None:
    """Seal every closed log date that has no seal yet: its segments, their sizes, SHA-256 and lines.

    Each seal names the one before, so the digest of the last, the chain's head, stands for every byte received so
    far: keep it elsewhere. Earlier seals are verified first, by listing and size; a seal is never replaced.

    A log date is closed 15 minutes after its UTC day. Where a collector's journal still holds lines of one, it is not
    sealed, and the exit code is 1.
    """
    from rs_assets.cli.output import print_json, size, visible
    from rs_assets.cli.progress import bar
    from rs_assets.log import RawLog
    from rs_assets.log.seals import collecting
    from rs_assets.log.seals.sealing import seal_log_dates
    from rs_assets.settings import Settings

    ordered(first, last)
    log = RawLog(Settings.from_env().raw_log)
    today = collecting.today(dt.datetime.now(dt.UTC))  # the one use of the clock, and it makes no byte
    with bar("Sealing") as move:
        done = seal_log_dates(
            log,
            today,
            first,
            last,
            lambda done, of, place: move(done, of, f"{size(done)} of {size(of)}  {visible(place)}"),
        )
    if json:
        print_json(_data(done))
    else:
        _page(done)
    if done.waiting:
        raise typer.Exit(1)


def ordered(first: dt.date | None, last: dt.date | None) -> None:
    """Refuse a range that ends before it begins."""
    if first and last and first > last:
        raise typer.BadParameter(f"{last} is before {first}.", param_hint="--to")


def span(log_dates: Sequence[str]) -> str:
    """Log dates in words: `3 log dates, 2024-01-01 to 2024-01-03`, `1 log date, 2024-01-01`."""
    from rs_assets.cli.output import plural

    ends = " to ".join(dict.fromkeys([*log_dates[:1], *log_dates[-1:]]))
    return f"{plural(len(log_dates), 'log date')}, {ends}" if ends else "no log date"


def _data(done: Sealed) -> dict[str, object]:
    sealed = [
        {
            "log_date": seal.log_date,
            "digest": seal.digest,
            "segments": len(seal.segments),
            "bytes": seal.size,
            "lines": seal.lines,
            "damaged": [segment.place for segment in seal.segments if segment.damaged],
        }
        for seal in done.seals
    ]
    return {"sealed": sealed, "head": done.head, "cannot_be_sealed": done.before, "waiting": done.waiting}


def _page(done: Sealed) -> None:
    from rs_assets.cli.output import facts, out, plural, size, visible_lines

    console = out()
    rows = []
    if done.seals:
        segments = plural(sum(len(seal.segments) for seal in done.seals), "segment")
        lines = plural(sum(seal.lines for seal in done.seals), "line")
        rows.append(("sealed", span([seal.log_date for seal in done.seals])))
        rows.append(("holding", f"{segments}, {size(sum(seal.size for seal in done.seals))}, {lines}"))
    else:
        rows.append(
            (
                "sealed",
                "nothing: every closed log date of the range that can have a seal has one"
                if done.head
                else "nothing",
            )
        )
    if done.head:
        rows.append(("head", f"{done.head.digest}  ({done.head.log_date})"))
    console.print(facts(rows), soft_wrap=True)
    for segment in (segment for seal in done.seals for segment in seal.segments if segment.damaged):
        kept = (
            f"{segment.place} is damaged: sealed as it lies, with {plural(segment.lines, 'readable line')}."
        )
        console.print(visible_lines(kept), style="yellow", soft_wrap=True)
    if done.before:
        console.print(
            f"Before the chain's first, so without a seal for good: {span(done.before)}.", style="yellow"
        )
    for one in done.waiting:
        console.print(
            visible_lines(
                f"Not sealed from {one.log_date} on: {one.place} holds lines that are in no segment yet. A collector "
                "closes it within a minute; where none runs, start one (`rs-assets collect`): it takes it up."
            ),
            style="yellow",
            soft_wrap=True,
        )
    if not done.head and not done.waiting:
        console.print(
            "The range has no closed log date on which anything was received; today's closes at midnight UTC."
        )
