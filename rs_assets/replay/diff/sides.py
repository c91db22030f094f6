"""Two relations laid side by side: the same columns in the same types, under names of our own.

Belongs here: the views `diff_before` and `diff_after` that all queries of a comparison read. Does not belong here:
the queries.

Their columns are `k0, k1, …` (the key) and `c0, c1, …` (the others), so that no name of a table ever becomes a piece
of SQL; and `present`, true, which an outer join makes NULL on the side that has no such row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from duckdb import ColumnExpression, ConstantExpression
from duckdb.sqltypes import DuckDBPyType

from rs_assets.replay.diff.keys import Key

BEFORE, AFTER = "diff_before", "diff_after"
VARCHAR = DuckDBPyType("VARCHAR")

NUMBERS = frozenset(
    {
        *(
            "tinyint",
            "smallint",
            "integer",
            "bigint",
            "hugeint",
            "utinyint",
            "usmallint",
            "uinteger",
            "ubigint",
        ),
        *("uhugeint", "float", "double", "decimal"),
    }
)
TIMES = frozenset({"date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"})
FAMILIES = (NUMBERS, TIMES, frozenset({"list", "array"}), frozenset({"struct"}))
"""Types whose values are compared as values though their types differ; any others are compared as text."""


@dataclass(frozen=True)
class Sides:
    """What the views hold: `keys[n]` is the column `kn`, `columns[n]` is `cn`, with the type of each."""

    keys: list[str]
    columns: list[str]
    types: dict[str, DuckDBPyType]

    @property
    def matched(self) -> str:
        """The condition of a join of `a` and `b`, the views, on the key; NULL is equal to NULL."""
        equal = [f"a.k{n} IS NOT DISTINCT FROM b.k{n}" for n in range(len(self.keys))]
        return " AND ".join(equal) or "true"

    def key_of(self, *sides: str) -> str:
        """The key as a struct, from the first of the sides (`a`, `b`) that has the row."""
        parts = []
        for n in range(len(self.keys)):
            values = ", ".join(f"{side}.k{n}" for side in sides)
            parts.append(f"'k{n}': coalesce({values})")
        return f"{{{', '.join(parts)}}}" if parts else "{'none': NULL}"


def lay(
    connection: duckdb.DuckDBPyConnection,
    before: duckdb.DuckDBPyRelation,
    after: duckdb.DuckDBPyRelation,
    key: Key,
    columns: Sequence[str] | None = None,
) -> Sides:
    """Make the views.

    Args:
        connection: of both relations.
        before, after: any tables.
        key: columns of both.
        columns: of both, without the key; by default all that both have.
    """
    types = {
        name: common_type(connection, _types(before)[name], _types(after)[name])
        for name in before.columns
        if name in after.columns
    }
    others = [name for name in types if name not in key] if columns is None else list(columns)
    sides = Sides(list(key), others, types)
    for relation, view in ((before, BEFORE), (after, AFTER)):
        named = [(f"k{n}", name) for n, name in enumerate(sides.keys)]
        named += [(f"c{n}", name) for n, name in enumerate(sides.columns)]
        taken = [_cast(relation, name, types[name]).alias(alias) for alias, name in named]
        relation.select(*taken, ConstantExpression(True).alias("present")).create_view(view, replace=True)
    return sides


def common_type(connection: duckdb.DuckDBPyConnection, a: DuckDBPyType, b: DuckDBPyType) -> DuckDBPyType:
    """The type in which values of two types are compared."""
    if a == b:
        return a
    if not any(a.id in family and b.id in family for family in FAMILIES):
        return VARCHAR
    nothing = [
        connection.sql("SELECT 1 AS x").select(ConstantExpression(None).cast(t).alias("x")) for t in (a, b)
    ]
    try:
        return nothing[0].union(nothing[1]).types[0]
    except duckdb.Error:  # nested types that have no common one
        return VARCHAR


def _types(relation: duckdb.DuckDBPyRelation) -> dict[str, DuckDBPyType]:
    return dict(zip(relation.columns, relation.types, strict=True))


def _cast(relation: duckdb.DuckDBPyRelation, name: str, kind: DuckDBPyType) -> duckdb.Expression:
    column = ColumnExpression(name)
    return column if _types(relation)[name] == kind else column.cast(kind)
