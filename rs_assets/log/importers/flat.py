"""Flat lines: a row of a delimited file, or an object of JSON, as columns of text.

Belongs here: cutting a line into its fields. Does not belong here: what the fields mean (`mapping`).

A row is read by one anchored pattern, so that a line with a field too many or an open quote is not bent into shape
but kept as it is. A quoted field may hold the delimiter and doubled quotes; a row over several lines is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import polars as pl

from rs_assets.log.importers.importer import match

DELIMITERS = {"csv": ",", "tsv": "\t"}
FORMATS = (*DELIMITERS, "ndjson")

Reader = Callable[[pl.DataFrame], pl.DataFrame]
"""From lines (`line_number`, `text`) to `line_number` and a column of text a field, null where it is empty."""
PREFIX = "field "
"""Of the columns that fields become, lest one has the name of a column of ours."""


def reader(form: str, columns: Sequence[str]) -> Reader:
    """What reads lines of one of FORMATS; `columns` are all fields of a row, or those to be read of an object."""
    if form == "ndjson":
        return lambda lines: _objects(lines, columns)
    pattern = _pattern(DELIMITERS[form], len(columns))
    return lambda lines: _rows(lines, pattern, columns)


def _pattern(delimiter: str, fields: int) -> str:
    cut = re.escape(delimiter)
    one = rf'"(?:[^"]|"")*"|[^"{cut}][^{cut}]*|'
    return "^" + cut.join(f"(?<f{k}>{one})" for k in range(fields)) + "$"


def _rows(lines: pl.DataFrame, pattern: str, columns: Sequence[str]) -> pl.DataFrame:
    found = match(lines, pattern)
    fields = []
    for k, name in enumerate(columns):
        text = pl.col(f"f{k}")
        inner = text.str.slice(1, text.str.len_chars() - 2).str.replace_all('""', '"', literal=True)
        plain = pl.when(text.str.starts_with('"')).then(inner).otherwise(text)
        fields.append(pl.when(plain != "").then(plain).alias(PREFIX + name))
    return found.select("line_number", *fields)


def _objects(lines: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Fields of JSON objects; a column that begins with `/` is a JSON pointer. Numbers keep their text."""
    import duckdb

    paths = [name if name.startswith("/") else "/" + re.sub("[~/]", _escaped, name) for name in columns]
    with duckdb.connect() as connection:
        connection.register("lines", lines.to_arrow())
        rows = connection.sql(
            """
            select line_number, json_extract_string(text, $paths) as fields
            from lines
            where case when json_valid(text) then json_type(text) = 'OBJECT' else false end
            order by line_number
            """,
            params={"paths": paths},
        ).to_arrow_table()
    found = pl.DataFrame(rows)
    texts = {PREFIX + name: pl.col("fields").list.get(k) for k, name in enumerate(columns)}
    return found.select(
        "line_number", **{name: pl.when(text != "").then(text) for name, text in texts.items()}
    )


def _escaped(found: re.Match[str]) -> str:
    return "~0" if found[0] == "~" else "~1"
