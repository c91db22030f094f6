"""`rs-assets receipt`: what a replay was of and what came out, as digests, and whether that is still so.

Belongs here: the command, and where receipts are kept. Does not belong here: what a receipt is (`replay.receipt`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rs_assets.cli.options import Json
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.replay.receipt import Receipt


def receipt(
    action: Annotated[
        Literal["show", "check"],
        typer.Argument(help="show: what the environment holds now; check: hold log and lake to a receipt."),
    ] = "show",
    file: Annotated[
        Path | None,
        typer.Argument(help="The receipt to check; the one that the last replay wrote unless given."),
    ] = None,
    environment: Annotated[
        str | None, typer.Option(help="Of this environment instead of RS_ENVIRONMENT.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The receipt of an environment: digests of the log, the code and every output.

    Two replays of the same log by the same code have equal receipts. `check` reads every byte again and exits 1 if
    anything is not as it was: a segment, an object, the code, a package.
    """
    import os

    if environment:
        os.environ["RS_ENVIRONMENT"] = environment
    settings = Settings.from_env()
    if action == "check":
        _check(settings, str(file or path_of(settings)), as_json)
        return
    from rs_assets.cli.output import facts, out, plural

    made = now(settings)
    if as_json:
        print(made.to_json(), end="")
        return
    objects = sum(len(by_date) for by_date in made.outputs.values())
    dates = sorted(made.log)
    rows = [
        ("receipt", made.digest),
        ("log", f"{dates[0]} to {dates[-1]}" if dates else "nothing replayed"),
        ("sealed up to", made.head or "not sealed"),
        ("code", f"{plural(len(made.code), 'asset')}"),
        ("outputs", f"{plural(objects, 'object')}"),
    ]
    if made.erasures:
        rows.insert(3, ("erasures", f"in force up to order {made.erasures}"))
    out().print(facts(rows))


def path_of(settings: Settings) -> Path:
    """Where the last replay of an environment left its receipt."""
    return Path(settings.home) / "receipts" / f"{settings.environment}.json"


def now(settings: Settings) -> Receipt:
    """The receipt of the environment as it is."""
    from rs_assets.lake import Lake
    from rs_assets.log import RawLog
    from rs_assets.log.erasure import read_orders
    from rs_assets.log.seals import data_versions, nothing, verify
    from rs_assets.replay import receipt as receipts

    log, lake = RawLog(settings.raw_log), Lake(settings.lake, settings.environment)
    today = dt.datetime.now(dt.UTC).date()  # the day that is not closed yet
    replayed = {log_date for asset in lake.assets() for log_date in lake.log_dates(asset)}
    dates = [log_date for log_date in log.log_dates() if log_date in replayed]
    head = verify(log, today, choice=nothing).head
    erasures = read_orders(log).history.orders_digest
    return receipts.receipt(lake, data_versions(log, dates, today), head.digest if head else None, erasures)


def write_receipt(settings: Settings) -> Receipt:
    """Keep the receipt of the environment as it is."""
    made, path = now(settings), path_of(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made.to_json(), encoding="utf-8")
    return made


def _check(settings: Settings, path: str, as_json: bool) -> None:
    from rs_assets.cli.output import out, plural, print_json, visible_lines
    from rs_assets.cli.progress import bar
    from rs_assets.defs import launch
    from rs_assets.lake import Lake
    from rs_assets.log import RawLog
    from rs_assets.replay import receipt as receipts

    held = receipts.load(path)
    dates = {log_date for by_date in (held.log, *held.outputs.values()) for log_date in by_date}
    with bar("Checking") as move:
        seen: list[str] = []

        def on_date(log_date: str) -> None:
            seen.append(log_date)
            move(len(seen), len(dates), log_date)

        lake, log = Lake(settings.lake, settings.environment), RawLog(settings.raw_log)
        problems = list(receipts.check(held, lake, log, launch.lineage(settings).code, on_date))
    if as_json:
        print_json({"receipt": held.digest, "holds": not problems, "problems": problems})
    elif problems:
        out().print(visible_lines("\n".join(problems)), soft_wrap=True)
    else:
        outputs = sum(len(by_date) for by_date in held.outputs.values())
        out().print(
            f"All is as the receipt says: {plural(len(held.log), 'log date')}, {plural(outputs, 'object')}."
        )
    if problems:
        raise typer.Exit(1)
