"""A query's result, and how a script gets it.

Belongs here: rows as they stream out of DuckDB, as JSON and as CSV. Does not belong here: tables for a person
(`page`).
"""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TextIO

import duckdb
import orjson
import typer

FETCHED = 1000


@dataclass(frozen=True)
class Result:
    """Rows that have not been fetched yet. No two `columns` have the same name."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]

    def first(self, limit: int | None) -> Result:
        """The first `limit` rows; all of them where it is 0 or None."""
        return replace(self, rows=itertools.islice(self.rows, limit)) if limit else self


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> Result:
    """Run the query; its rows come as they are asked for."""
    if not connection.extract_statements(sql):
        raise typer.BadParameter("there is no query in it.", param_hint="SQL")
    columns = connection.execute(sql).description or []
    return Result(_distinct([str(column[0]) for column in columns]), _fetch(connection))


def _fetch(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := connection.fetchmany(FETCHED):
        yield from rows


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Names like DuckDB makes them for a table: the second `x` is `x_1`."""
    taken: list[str] = []
    for name in names:
        others = (f"{name}_{n}" for n in itertools.count(1))
        taken.append(name if name not in taken else next(other for other in others if other not in taken))
    return tuple(taken)


def write_json(result: Result, to: TextIO) -> None:
    """An array with an object a row, a row a line."""
    to.write("[")
    for number, row in enumerate(result.rows):
        fields = dict(zip(result.columns, map(plain, row), strict=True))
        to.write(("\n" if number == 0 else ",\n") + orjson.dumps(fields).decode())
    to.write("\n]\n")


def write_csv(result: Result, to: TextIO) -> None:
    """A header and a line a row; what is null is empty, what is nested is JSON."""
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows(["" if value is None else text(value) for value in row] for row in result.rows)


def text(value: object) -> str:
    """One value on its own: bare where it can be, else JSON."""
    made = plain(value)
    if isinstance(made, str):
        return made
    return repr(made) if isinstance(made, float) else orjson.dumps(made).decode()


def plain(value: Any) -> Any:
    """A value as what JSON knows; numbers keep all of their digits, times are ISO 8601."""
    if value is None or isinstance(value, (bool, str, float)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else orjson.Fragment(str(value))
    if isinstance(value, decimal.Decimal):
        return orjson.Fragment(f"{value:f}")
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str(value)
