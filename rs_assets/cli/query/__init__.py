"""`rs-assets query`: SQL over the published tables.

Belongs here: the command, and what DuckDB's errors say to a person. Does not belong here: the views and what a
query may touch (`rs_assets.lake.views`), or how results are written (`formats`, `page`, `listing`).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rs_assets.errors import UserError

if TYPE_CHECKING:
    import duckdb

    from rs_assets.settings import Settings

ROWS = 1000


def query(
    sql: Annotated[
        str | None,
        typer.Argument(
            metavar="SQL",
            help="One SQL query, in DuckDB's SQL. Without it, the views are listed.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Literal["table", "json", "csv"],
        typer.Option("--format", help="For a person, or for a script: all rows, each as it comes."),
    ] = "table",
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="ROWS", help=f"At most so many rows, 0 for all; {ROWS} in a table unless given."
        ),
    ] = None,
    memory_gib: Annotated[
        float, typer.Option("--memory-gib", min=0.1, metavar="GIB", help="Memory that the query may take.")
    ] = 1.0,
) -> None:
    """Ask the published tables of the environment anything, in SQL.

    Every asset is a view of its name. The query can read them and nothing else: it cannot write to the lake, nor
    read or write another file. Times are UTC. Bytes are shown as text, with \\xNN for what is not UTF-8; hex(column)
    gives them exactly.
    """
    import duckdb

    from rs_assets.lake import Lake, views
    from rs_assets.settings import Settings

    settings = Settings.from_env()
    connection = views.connect(Lake(settings.lake, settings.environment), memory_gib=memory_gib)
    if sql is None:
        _list(connection, form, settings)
        return
    try:
        views.stoppable(connection, lambda: _run(connection, sql, form, limit))
    except duckdb.Error as problem:
        raise _explained(problem, views.names(connection), settings) from None


def _run(connection: duckdb.DuckDBPyConnection, sql: str, form: str, limit: int | None) -> None:
    from rs_assets.cli.query import formats, page

    result = formats.run(connection, sql)
    if form == "json":
        formats.write_json(result.first(limit), sys.stdout)
    elif form == "csv":
        formats.write_csv(result.first(limit), sys.stdout)
    else:
        page.show(result, limit)


def _list(connection: duckdb.DuckDBPyConnection, form: str, settings: Settings) -> None:
    from rs_assets.cli.query import formats, listing

    found = listing.views(connection)
    if not found:
        raise UserError(*_nothing(settings))
    if form == "table":
        listing.show(found)
    else:
        write = formats.write_json if form == "json" else formats.write_csv
        write(listing.as_result(found), sys.stdout)


def _explained(problem: duckdb.Error, views: list[str], settings: Settings) -> UserError:
    import duckdb

    text = str(problem).strip()
    if isinstance(problem, duckdb.OutOfMemoryException):
        return UserError(
            f"The query needs more memory than it may take. {text.splitlines()[0]}",
            "Give it more with --memory-gib, or ask for less: fewer columns, fewer log dates.",
        )
    if isinstance(problem, duckdb.CatalogException) and text.startswith("Catalog Error: Table with name"):
        return UserError(text, f"There are {', '.join(views)}." if views else " ".join(_nothing(settings)))
    if isinstance(problem, duckdb.PermissionException) or "PermissionError: " in text:
        # What the lake's file system raises comes with the lines of Python that led there.
        reason = text.rpartition("PermissionError: ")[2]
        return UserError(reason, "A query reads the views of the lake, and no other file; it writes none.")
    return UserError(text)


def _nothing(settings: Settings) -> tuple[str, str]:
    return (
        f"Nothing is published in the environment {settings.environment}.",
        "Run `rs-assets replay`, or see `rs-assets status`.",
    )
