"""Options that more than one command has, and what may be given to them.

Belongs here: their types, so that `--from` or `--codec` mean the same everywhere. Does not belong here: the
options of one command.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, TypeAlias

import typer

DATE = "YYYY-MM-DD"

Codec: TypeAlias = Literal["zst", "gz", "none"]
"""The codecs of `rs_assets.log.layout`, which is not imported for the help alone."""


def log_date(text: str | dt.date) -> dt.date:
    """A log date as it was typed."""
    from rs_assets.log.layout import is_date

    if not is_date(str(text)):
        raise typer.BadParameter(f"{str(text)!r} is no log date; write one as {DATE}, such as 2024-01-31.")
    return dt.date.fromisoformat(str(text))


def _known_site_name(name: str | None) -> str | None:
    from rs_assets.log.layout import SITE

    if name is not None and not SITE.fullmatch(name):
        raise typer.BadParameter(f"{name!r} cannot name a site; use letters, digits, '.', '_' and '-'.")
    return name


Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for a script to read.")]

RawLog: TypeAlias = Annotated[
    str | None,
    typer.Option("--raw-log", metavar="PATH", help="Root of the raw log; RS_RAW_LOG unless given."),
]

Site: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--site",
        metavar="NAME",
        callback=_known_site_name,
        help="The site that the requests are of; the importer's own unless given.",
    ),
]

Sites: TypeAlias = Annotated[
    list[str] | None, typer.Option("--site", metavar="NAME", help="Only this site. May be repeated.")
]

From: TypeAlias = Annotated[
    dt.date | None,
    typer.Option("--from", parser=log_date, metavar=DATE, help="First log date; the earliest unless given."),
]

To: TypeAlias = Annotated[
    dt.date | None,
    typer.Option("--to", parser=log_date, metavar=DATE, help="Last log date; the latest unless given."),
]
