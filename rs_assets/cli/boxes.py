"""rs-assets boxes: what each step asks for, what it used, what it should ask for.

Belongs here: the command and its table. Does not belong here: the proposal (`compute.report`), changing
declarations (`compute.declarations`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rs_assets.cli.options import Json

if TYPE_CHECKING:
    import dagster as dg

    from rs_assets.compute.prices import Prices
    from rs_assets.compute.report import Row


def boxes(
    apply: Annotated[
        bool,
        typer.Option(
            "--apply",
            help="Write the proposals into the declarations, in place, and print what was changed as a diff. "
            "Look at it with `git diff`; `git checkout` takes it back.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare the box of each step with what its runs used, and propose a size.

    Proposed is a quarter more memory than a step has used at most, in steps of 0.25 GiB, at least 0.5 GiB; after a
    kill for memory, half as much again as its limit. Cores are left alone. The runs are those of Dagster's event log.
    """
    from rs_assets.cli.output import err, print_json
    from rs_assets.compute.prices import Prices
    from rs_assets.compute.report import as_json as rendered
    from rs_assets.compute.report import report
    from rs_assets.settings import Settings

    settings = Settings.from_env()
    prices = Prices.read(settings.prices)
    from rs_assets.definitions import build_defs
    from rs_assets.defs import launch, uses

    assets = build_defs(settings).resolve_asset_graph().assets_defs
    with launch.instance(settings) as on:
        rows = report(uses.steps(assets, on), prices)
    if apply:
        written = _apply(assets, rows)
        if written:
            print(written, end="")
        else:
            err().print("Nothing to change: every step that has run asks for what it should.")
    elif as_json:
        print_json(rendered(rows, prices))
    else:
        _show(rows, prices)


def _apply(assets: Iterable[dg.AssetsDefinition], rows: Sequence[Row]) -> str:
    """Change the declarations; a unified diff of what was changed.

    A declaration that several steps share gets the largest of their sizes, those of steps that stay included.
    """
    from rs_assets.compute.declarations import diff, rewritten, shared
    from rs_assets.compute.report import wanted
    from rs_assets.defs import uses

    sizes, proposed = wanted(rows), {row.step: row.proposed.memory_gib for row in rows}
    found = [(place, step) for step, place in uses.declarations(assets)]
    touched = {place for place, step in found if step in sizes}
    changes = shared((place, proposed[step]) for place, step in found if place in touched)
    root = Path(__file__).parents[2]
    made = diff(changes, root)
    for path, text in rewritten(changes).items():
        aside = path.with_name(f".{path.name}.new")
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, path)
    return made


def _show(rows: Sequence[Row], prices: Prices) -> None:
    from rs_assets.cli.output import out, plural, table
    from rs_assets.compute.page import COLUMNS, cells

    shown = table(*COLUMNS, right=COLUMNS[1:])
    for row in rows:
        shown.add_row(row.step, *cells(row))
    shown.columns[0].min_width = max((len(row.step) for row in rows), default=0)  # names are never cut
    console = out()
    console.print(shown)
    saved = sum(row.saved_gib for row in rows)
    console.print(f"\n{plural(sum(1 for row in rows if row.runs), 'step')} with runs; {saved:+g} GiB saved.")
    console.print(
        f"Memory in GiB. Cost: {prices.currency} for 1,000 runs of median length, by the list of {prices.name} "
        f"({prices.source}, {prices.date}).",
        soft_wrap=True,
    )
    console.print("`rs-assets boxes --apply` writes the proposals into the declarations.")
