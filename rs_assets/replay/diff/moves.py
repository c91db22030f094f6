"""How far predictions and recommendations moved. Nothing else belongs here."""

from __future__ import annotations

import itertools

import duckdb

from rs_assets.replay.diff.difference import Moves, TopK
from rs_assets.replay.diff.keys import Key
from rs_assets.replay.diff.sides import AFTER, BEFORE, lay

EDGES = (-0.2, -0.05, -0.01, 0.0, 0.01, 0.05, 0.2)
KS = (5, 10, 20)


def moves(
    connection: duckdb.DuckDBPyConnection,
    before: duckdb.DuckDBPyRelation,
    after: duckdb.DuckDBPyRelation,
    key: Key,
    column: str = "probability",
) -> Moves:
    """How far the probabilities of rows moved that both tables have."""
    sides = lay(connection, before, after, key, [column])
    bounds = [None, *EDGES, None]
    bins: list[tuple[str, str]] = []
    for low, high in itertools.pairwise(bounds):
        if low is None:
            bins.append((f"below {high:g}", f"delta < {high}"))
        elif high is None:
            bins.append((f"{low:g} and above", f"delta >= {low}"))
        else:
            bins.append((f"{low:g} to {high:g}", f"delta >= {low} AND delta < {high}"))
    counted = ", ".join(f"count(*) FILTER (WHERE moved AND {within})" for _, within in bins)
    ((matched, moved, appeared, vanished, mean, largest, *counts),) = connection.execute(
        f"""
        SELECT count(*), count(*) FILTER (WHERE moved), count(*) FILTER (WHERE a IS NULL AND b IS NOT NULL),
            count(*) FILTER (WHERE a IS NOT NULL AND b IS NULL), avg(abs(delta)), max(abs(delta)), {counted}
        FROM (
            SELECT a.c0 AS a, b.c0 AS b, b.c0 - a.c0 AS delta, a.c0 IS DISTINCT FROM b.c0 AS moved
            FROM {BEFORE} a JOIN {AFTER} b ON {sides.matched}
        )
        """
    ).fetchall()
    labelled = [(label, count) for (label, _), count in zip(bins, counts, strict=True) if count]
    return Moves(matched, moved, appeared, vanished, mean, largest, labelled)


def top_k(
    connection: duckdb.DuckDBPyConnection,
    before: duckdb.DuckDBPyRelation,
    after: duckdb.DuckDBPyRelation,
    key: Key,
    column: str = "item_ids",
) -> list[TopK]:
    """How many recommendation lists that both tables have moved, each cut after its first k places."""
    sides = lay(connection, before, after, key, [column])
    found = []
    for k in KS:
        ((lists, moved, reordered, overlap),) = connection.execute(
            f"""
            SELECT count(*), count(*) FILTER (WHERE in_common < longer),
                count(*) FILTER (WHERE in_common = longer AND a <> b), avg(in_common / greatest(longer, 1))
            FROM (
                SELECT a, b, len(list_intersect(a, b)) AS in_common, greatest(len(a), len(b)) AS longer
                FROM (
                    SELECT list_slice(coalesce(a.c0, []), 1, {k}) AS a, list_slice(coalesce(b.c0, []), 1, {k}) AS b
                    FROM {BEFORE} a JOIN {AFTER} b ON {sides.matched}
                )
            )
            """
        ).fetchall()
        found.append(TopK(k, lists, moved, reordered, overlap))
    return found
