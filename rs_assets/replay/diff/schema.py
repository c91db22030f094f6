"""Columns of an asset that are not the same in both environments. Nothing else belongs here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from rs_assets.replay.diff.difference import SchemaChange

Types: TypeAlias = Mapping[str, str]
"""Columns and their types, as DuckDB writes them."""
Change: TypeAlias = tuple[str, str | None, str | None]


def changes(before: Types, after: Types) -> list[Change]:
    """Columns with another type, or that one side lacks: name, type before, type after; sorted by name."""
    names = sorted({*before, *after})
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return [(name, a, b) for name, a, b in pairs if a != b]


def by_column(dated: Iterable[tuple[str, Iterable[Change]]]) -> list[SchemaChange]:
    """Changes of several log dates: one that is the same on all of them is told once.

    Args:
        dated: log dates in order, and the `changes` of each.
    """
    found: dict[Change, list[str]] = {}
    for log_date, of_date in dated:
        for change in of_date:
            found.setdefault(change, []).append(log_date)
    order = sorted(found, key=lambda change: (change[0], found[change], change[1] or "", change[2] or ""))
    return [SchemaChange(*change, found[change]) for change in order]
