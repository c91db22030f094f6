"""`rs-assets import`: other people's logs as a raw log.

Belongs here: the command, its options and its pages. Does not belong here: formats (`rs_assets.log.importers`).
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rs_assets.cli import options

if TYPE_CHECKING:
    from rs_assets.log.importers import Imported


def import_(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The importer: what --list shows, or a mapping file (*.toml).",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="The data set: a file or a folder. $RS_DATASETS/NAME unless given.",
            show_default=False,
        ),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show the importers there are, and end.")] = False,
    site: options.Site = None,
    shift_to: Annotated[
        dt.date | None,
        typer.Option(
            parser=options.log_date,
            metavar=options.DATE,
            help="Move everything by whole days, so that this is the first log date.",
        ),
    ] = None,
    codec: Annotated[options.Codec, typer.Option(help="How segments are compressed.")] = "zst",
    raw_log: options.RawLog = None,
    json: options.Json = False,
) -> None:
    """Bring a log of another format into the raw log, whole or not at all.

    Every line becomes a request; a line that cannot be read is kept as text, to be quarantined with its reason. The
    raw log must not hold the site on any of the same log dates yet.
    """
    from rs_assets.cli.output import print_json
    from rs_assets.cli.progress import bar
    from rs_assets.errors import UserError
    from rs_assets.log.importers import IMPORTERS, import_dataset
    from rs_assets.log.importers.mapping import read_mapping
    from rs_assets.settings import Settings

    if listing:
        _list(json)
        return
    if name is None:
        raise typer.BadParameter("name an importer; `rs-assets import --list` shows them.", param_hint="NAME")
    mapping = read_mapping(name) if name.endswith(".toml") else None
    if mapping and source is None:
        raise typer.BadParameter(f"name the log that {name} is about.", param_hint="SOURCE")
    if not mapping and name not in IMPORTERS:
        raise typer.BadParameter(
            f"there is no importer {name!r}; there are {', '.join(IMPORTERS)}.", param_hint="NAME"
        )
    settings = Settings.from_env()
    if source is None and not settings.datasets:
        raise UserError(
            f"There is no source to import {name} from: none was named, and RS_DATASETS is not set.",
            f"Call `rs-assets import {name} <file or folder>`, or set RS_DATASETS to a folder that holds {name}/.",
        )
    source = source or os.path.join(settings.datasets, name)
    raw_log = raw_log or settings.raw_log
    with bar(f"Importing {name}") as move:
        imported = import_dataset(
            mapping or name,
            source,
            raw_log,
            site=site,
            shift_to=shift_to,
            codec=codec,
            progress=lambda done, of: move(done, of, f"{done:,} of {of:,} lines"),
        )
    if json:
        print_json(
            asdict(imported)
            | {"importer": mapping.name if mapping else name, "source": source, "raw_log": raw_log}
        )
    else:
        _page(imported, source, raw_log)


def _list(json: bool) -> None:
    from rs_assets.cli.output import cell, out, print_json, table
    from rs_assets.log.importers import IMPORTERS

    if json:
        fields = ("name", "site", "description", "files")
        print_json([{field: getattr(importer, field) for field in fields} for importer in IMPORTERS.values()])
        return
    importers = table("importer", "what it reads", "files", folded=["what it reads", "files"])
    for importer in IMPORTERS.values():
        importers.add_row(cell(importer.name, "bold"), cell(importer.description), "\n".join(importer.files))
    out().print(importers)


def _page(imported: Imported, source: str, raw_log: str) -> None:
    from rs_assets.cli.output import facts, out, place, plural

    shifted = f", moved by {plural(imported.shift_days, 'day')}" if imported.shift_days else ""
    unread = f"{imported.unreadable:,} of them kept as text, because the importer could not read them"
    found = [
        ("source", f"{place(source)}  ({plural(imported.lines, 'line')})"),
        ("requests", f"{imported.requests:,}" + (f", {unread}" if imported.unreadable else "")),
        ("site", imported.site),
        ("log dates", f"{imported.first_log_date} to {imported.last_log_date}{shifted}"),
        ("raw log", f"{place(raw_log)}  ({plural(imported.segments, 'segment')})"),
    ]
    console = out()
    console.print(facts(found))
    console.print("\nNext: [bold]rs-assets replay[/] makes tables and models of it.")
