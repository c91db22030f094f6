"""A query's result for a person.

Belongs here: rows as a table or, where their columns do not fit side by side, one below the other. Does not belong
here: what a script reads (`formats`).
"""

from __future__ import annotations

import itertools
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from rs_assets.cli import output
from rs_assets.cli.query import ROWS
from rs_assets.cli.query.formats import Result, text

RECORDS = 20
"""Rows shown one below the other, unless a limit is given: each takes a screen's part."""

COLUMN = 40
"""Characters to which a column may be cut so that all of them fit."""

NUMBERS = (int, float, Decimal)


def show(result: Result, limit: int | None) -> None:
    """Print the first rows and say whether there are more."""
    wanted = ROWS if limit is None else limit
    rows = list(itertools.islice(result.rows, wanted + 1) if wanted else result.rows)
    cells = [[_cell(value) for value in row] for row in rows]
    console = output.out()
    as_table = _fits(result.columns, cells, console.width)
    if not as_table and limit is None:
        wanted = RECORDS
    more = bool(wanted) and len(cells) > wanted
    shown = cells[:wanted] if wanted else cells
    if as_table:
        numeric = [
            name
            for at, name in enumerate(result.columns)
            if all(row[at] is None or type(row[at]) in NUMBERS for row in rows)
        ]
        _table(console, result.columns, shown, numeric)
    else:
        _records(console, result.columns, shown)
    counted = output.plural(len(shown), "row")
    console.print(f"the first {counted}; --limit 0 shows all of them" if more else counted, style="dim")


def _cell(value: object) -> Text:
    return Text("null", style="dim") if value is None else output.cell(text(value))


def _fits(columns: tuple[str, ...], cells: list[list[Text]], width: int) -> bool:
    needed = [
        max(len(name), min(COLUMN, max((row[at].cell_len for row in cells), default=0)))
        for at, name in enumerate(columns)
    ]
    return sum(needed) + 2 * len(needed) <= width


def _table(console: Console, columns: tuple[str, ...], rows: list[list[Text]], numeric: list[str]) -> None:
    table = output.table(*map(output.visible, columns), right=[output.visible(name) for name in numeric])
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _records(console: Console, columns: tuple[str, ...], rows: list[list[Text]]) -> None:
    for number, row in enumerate(rows, 1):
        console.rule(f"row {number}", align="left", style="dim")
        console.print(output.facts(zip(map(output.visible, columns), row, strict=True)))
