"""Two tables row by row: what was added, removed and changed, and a few of each.

Belongs here: matching rows, by key or as wholes. Does not belong here: which tables (`compare`), what of a row may be
shown (`shown`).
"""

from __future__ import annotations

import duckdb

from rs_assets.replay.diff.difference import Kind, Rows, Sample
from rs_assets.replay.diff.keys import Key, key_of
from rs_assets.replay.diff.shown import as_shown, is_shown
from rs_assets.replay.diff.sides import AFTER, BEFORE, Sides, lay

SAMPLES = 3
"""Rows of each kind that are shown, a log date; of a changed one, so many columns."""


def compare_rows(
    connection: duckdb.DuckDBPyConnection,
    before: duckdb.DuckDBPyRelation,
    after: duckdb.DuckDBPyRelation,
    asset: str,
    log_date: str,
) -> Rows:
    """Match the rows of two tables by the asset's key; as wholes, where it has none or it is not unique.

    Compared are the columns that both have, so that a new column alone changes no row.

    Args:
        connection: of both relations (`objects.workspace`).
        before, after: the tables.
        asset: whose they are.
        log_date: for the samples.
    """
    common = [name for name in before.columns if name in after.columns]
    key = key_of(asset, common)
    if key is not None and _is_unique(before, key) and _is_unique(after, key):
        return _by_key(connection, lay(connection, before, after, key), log_date)
    return _as_wholes(connection, lay(connection, before, after, (), common), log_date)


def _is_unique(table: duckdb.DuckDBPyRelation, key: Key) -> bool:
    listed = ", ".join(f'"{name}"' for name in key)  # the keys are ours, declared in `keys`
    twice = table.aggregate(f"{listed}, count(*) AS times", listed).filter("times > 1").limit(1)
    return not twice.fetchall()


def _by_key(connection: duckdb.DuckDBPyConnection, sides: Sides, log_date: str) -> Rows:
    numbers = range(len(sides.columns))
    differs = [f"a.c{n} IS DISTINCT FROM b.c{n}" for n in numbers]
    changed = f"a.present AND b.present AND ({' OR '.join(differs) or 'false'})"
    joined = f"FROM {BEFORE} a FULL JOIN {AFTER} b ON {sides.matched}"
    counts = ["a.present IS NULL", "b.present IS NULL", changed]
    counts += [f"a.present AND b.present AND {one}" for one in differs]
    asked = ", ".join(f"count(*) FILTER (WHERE {one})" for one in counts)
    ((added, removed, moved, *by_column),) = connection.execute(f"SELECT {asked} {joined}").fetchall()
    rows = Rows(
        by_key=True,
        added=added,
        removed=removed,
        changed=moved,
        columns={sides.columns[n]: by_column[n] for n in numbers if by_column[n]},
    )
    kinds: tuple[tuple[Kind, int, str], ...] = (
        ("added", added, counts[0]),
        ("removed", removed, counts[1]),
        ("changed", moved, counts[2]),
    )
    for kind, there, which in kinds:
        if there:
            rows.samples.extend(_of_key(connection, sides, log_date, kind, f"{joined} WHERE {which}"))
    return rows


def _of_key(
    connection: duckdb.DuckDBPyConnection, sides: Sides, log_date: str, kind: Kind, rows: str
) -> list[Sample]:
    keys = [f"coalesce(a.k{n}, b.k{n})::VARCHAR AS k{n}" for n in range(len(sides.keys))]
    both = (
        [f"a.c{n}::VARCHAR, b.c{n}::VARCHAR" for n in range(len(sides.columns))] if kind == "changed" else []
    )
    order = ", ".join(f"coalesce(a.k{n}, b.k{n})" for n in range(len(sides.keys)))
    found = connection.execute(f"SELECT {', '.join([*keys, *both])} {rows} ORDER BY {order} LIMIT {SAMPLES}")
    samples = []
    for row in found.fetchall():
        key = {
            name: as_shown(name, sides.types[name], value)
            for name, value in zip(sides.keys, row, strict=False)
        }
        if kind != "changed":
            samples.append(Sample(log_date, kind, key))
            continue
        values = row[len(sides.keys) :]
        unlike = [n for n in range(len(sides.columns)) if values[2 * n] != values[2 * n + 1]]
        for n in unlike[:SAMPLES]:
            name = sides.columns[n]
            was, now = (as_shown(name, sides.types[name], values[2 * n + side]) for side in (0, 1))
            samples.append(Sample(log_date, kind, key, name, was, now))
    return samples


def _as_wholes(connection: duckdb.DuckDBPyConnection, sides: Sides, log_date: str) -> Rows:
    listed = ", ".join(f"c{n}" for n in range(len(sides.columns))) or "present"
    rows = Rows(by_key=False, added=0, removed=0, changed=0)
    found = {}
    kinds: tuple[tuple[Kind, str, str], ...] = (("added", AFTER, BEFORE), ("removed", BEFORE, AFTER))
    for kind, more, less in kinds:
        only = f"(SELECT {listed} FROM {more} EXCEPT ALL SELECT {listed} FROM {less})"
        ((found[kind],),) = connection.execute(f"SELECT count(*) FROM {only}").fetchall()
        if found[kind]:
            texts = ", ".join(f"c{n}::VARCHAR" for n in range(len(sides.columns)))
            few = connection.execute(
                f"SELECT {texts} FROM {only} ORDER BY {listed} LIMIT {SAMPLES}"
            ).fetchall()
            rows.samples.extend(Sample(log_date, kind, _whole(sides, row)) for row in few)
    return Rows(False, found["added"], found["removed"], 0, {}, rows.samples)


def _whole(sides: Sides, row: tuple[str | None, ...]) -> dict[str, str | None]:
    """Of a row, the columns that may be shown."""
    named = zip(sides.columns, row, strict=True)
    return {
        name: as_shown(name, sides.types[name], value)
        for name, value in named
        if is_shown(name, sides.types[name])
    }
