"""The views there are to ask: their rows and columns.

Belongs here: reading that from a connection, and the page. Does not belong here: results (`formats`, `page`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
from rich.columns import Columns
from rich.padding import Padding
from rich.text import Text

from rs_assets.cli import output
from rs_assets.cli.query.formats import Result
from rs_assets.lake.views import names


@dataclass(frozen=True)
class View:
    """A view, with (name, type) of each column."""

    name: str
    rows: int
    columns: tuple[tuple[str, str], ...]


def views(connection: duckdb.DuckDBPyConnection) -> list[View]:
    """Every view of the connection, by name."""
    return [_view(connection, name) for name in names(connection)]


def _view(connection: duckdb.DuckDBPyConnection, name: str) -> View:
    relation = connection.view(name)
    ((rows,),) = relation.count("*").fetchall()
    columns = zip(relation.columns, map(str, relation.types), strict=True)
    return View(name, int(rows), tuple(columns))


def as_result(found: list[View]) -> Result:
    """The same with a row a column, for a script."""
    rows = ((v.name, v.rows, column, kind) for v in found for column, kind in v.columns)
    return Result(("view", "rows", "column", "type"), rows)


def show(found: list[View]) -> None:
    """Print each view with its columns."""
    console = output.out()
    for view in found:
        console.print(Text.assemble((view.name, "bold cyan"), f"  {output.plural(view.rows, 'row')}"))
        columns = Columns([_column(name, kind) for name, kind in view.columns], padding=(0, 2))
        console.print(Padding(columns, (0, 0, 0, 2)), "")


def _column(name: str, kind: str) -> Text:
    # What a struct holds takes a page; DESCRIBE says it.
    short = re.sub(r"STRUCT\(.*\)", "STRUCT(…)", kind).lower()
    return Text.assemble(output.visible(name), (f" {short}", "dim"))
