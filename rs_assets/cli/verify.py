"""`rs-assets verify`: whether the raw log is still what was sealed.

Belongs here: the command, its options and its page. Does not belong here: verifying (`rs_assets.log.seals`), or
sealing (`seal`).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated

import typer

from rs_assets.cli import options
from rs_assets.cli.seal import ordered, span

if TYPE_CHECKING:
    from rs_assets.log.seals import Sample, Verified

SHOWN = 100


def verify(
    first: options.From = None,
    last: options.To = None,
    sample: Annotated[
        str | None,
        typer.Option(
            metavar="N|P%", help="Read only so many of the segments, or this share of them. All by default."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another sample; the same seed, the same one.")] = 0,
    head: Annotated[
        str | None,
        typer.Option(metavar="DIGEST", help="A head that `rs-assets seal` told: it must be in the chain."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Compare the raw log with its seals, and the seals with each other; exit 1 if anything differs.

    Places and sizes are compared of all segments, bytes of all or of a sample. Log dates that have no seal are told;
    they are no fault.
    """
    from rs_assets.cli.output import print_json, size, visible
    from rs_assets.cli.progress import bar
    from rs_assets.log import RawLog
    from rs_assets.log.seals import everything
    from rs_assets.log.seals import verify as verify_seals
    from rs_assets.settings import Settings

    ordered(first, last)
    if head is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", head):
        raise typer.BadParameter("a digest is 64 hexadecimal digits.", param_hint="--head")
    choice = _sample(sample, seed) if sample is not None else everything
    log = RawLog(Settings.from_env().raw_log)
    log.require()
    with bar("Verifying") as move:
        found = verify_seals(
            log,
            dt.datetime.now(dt.UTC).date(),
            first,
            last,
            choice,
            head.lower() if head else None,
            lambda done, of, place: move(done, of, f"{size(done)} of {size(of)}  {visible(place)}"),
        )
    if json:
        print_json(_data(found))
    else:
        _page(found)
    if found.broken:
        raise typer.Exit(1)


def _sample(text: str, seed: int) -> Sample:
    from rs_assets.log.seals import Sample

    if re.fullmatch(r"[0-9]{1,12}", text):
        return Sample(count=int(text), seed=seed)
    if (match := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,12})?)%", text)) and float(match[1]) <= 100:
        return Sample(percent=float(match[1]), seed=seed)
    raise typer.BadParameter(
        f"{text!r} is neither a number of segments nor a share such as 10%.", param_hint="--sample"
    )


def _data(found: Verified) -> dict[str, object]:
    return {
        "holds": not found.broken,
        "broken": found.broken,
        "log_dates": len(found.seals),
        "segments": found.segments,
        "bytes": found.size,
        "segments_read": found.read,
        "bytes_read": found.read_bytes,
        "unsealed": found.unsealed,
        "head": found.head,
        "rewritten": found.rewritten,
    }


def _page(found: Verified) -> None:
    from rs_assets.cli.output import facts, out, plural, size, visible_lines

    console = out()
    rows = [
        ("sealed", span(list(found.seals))),
        ("compared", f"{plural(found.segments, 'segment')}, {size(found.size)}, by place and size"),
        ("read", f"{plural(found.read, 'segment')}, {size(found.read_bytes)}"),
    ]
    if found.rewritten:
        rows.append(
            (
                "rewritten",
                f"{plural(found.rewritten, 'segment')}, for erasure: `rs-assets forget --list` says why",
            )
        )
    if found.unsealed:
        rows.append(("no seal", f"{span(found.unsealed)}: `rs-assets seal` seals what follows the last seal"))
    if found.head:
        rows.append(("head", f"{found.head.digest or 'cannot be read'}  ({found.head.log_date})"))
    console.print(facts(rows), soft_wrap=True)
    for one in found.broken[:SHOWN]:
        console.print(visible_lines(str(one)), style="red", soft_wrap=True)
    if len(found.broken) > SHOWN:
        console.print(f"… and {len(found.broken) - SHOWN:,} more: --json has all.", style="red")
    if found.broken:
        console.print(
            f"\nBroken: {plural(len(found.broken), 'difference')} to what was sealed.", style="bold red"
        )
    elif found.head:
        console.print(
            "\nEverything is as it was sealed, or as erasure orders left it."
            if found.rewritten
            else "\nEverything is as it was sealed.",
            style="green",
        )
    else:
        console.print("\nNothing is sealed yet. Next: [bold]rs-assets seal[/]")
